import { factsOf } from "./instance-types";
import type { Pool } from "./resolved-cluster";

/** What decides the number of worker processes of a node. */
type Counted = Pick<Pool, "kind" | "instanceTypes" | "givenFacts"> & { readonly processes?: number };

/** Worker processes of a node of a pool: what the definition says, or one per GPU of its instance type. */
export function processesOn(pool: Counted, instanceType: string): number {
  return pool.kind === "cpu" ? (pool.processes ?? 1) : Math.max(1, factsOf(pool, instanceType)?.gpus ?? 1);
}

/** Most worker processes of any node of a pool. */
export function maxProcesses(pool: Counted): number {
  return Math.max(...pool.instanceTypes.map((type) => processesOn(pool, type)));
}
