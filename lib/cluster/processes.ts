import type { Pool } from "./cluster";
import { instanceTypeFacts } from "./instance-types";

/** What decides the number of worker processes of a node. */
type Counted = Pick<Pool, "kind" | "instanceTypes"> & { readonly processes?: number };

/** Worker processes of a node of a pool: what the definition says, or one per GPU of its instance type. */
export function processesOn({ kind, processes = 1 }: Counted, instanceType: string): number {
  return kind === "cpu" ? processes : Math.max(1, instanceTypeFacts(instanceType)?.gpus ?? 1);
}

/** Most worker processes of any node of a pool. */
export function mostProcesses(pool: Counted): number {
  return Math.max(...pool.instanceTypes.map((type) => processesOn(pool, type)));
}
