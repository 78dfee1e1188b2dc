import { factsOf } from "./instance-types";
import type { Pool } from "./resolved-cluster";

/** Fields of a pool that decide how many worker processes a node has. */
type ProcessCount = Pick<Pool, "kind" | "instanceTypes" | "givenFacts"> & { readonly processes?: number };

/** Returns the number of worker processes of a node: that of the definition, or one per GPU of the instance type. */
export function processesOn(pool: ProcessCount, instanceType: string): number {
  return pool.kind === "cpu" ? (pool.processes ?? 1) : Math.max(1, factsOf(pool, instanceType)?.gpus ?? 1);
}

/** Returns the number of worker processes of the pool's node that has the most. */
export function maxProcesses(pool: ProcessCount): number {
  return Math.max(...pool.instanceTypes.map((type) => processesOn(pool, type)));
}

/** Returns the number of worker processes of the pool's node that has the fewest. */
export function minProcesses(pool: ProcessCount): number {
  return Math.min(...pool.instanceTypes.map((type) => processesOn(pool, type)));
}
