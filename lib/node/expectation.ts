import { minProcesses } from "../config/processes";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";

/**
 * Name of the file with the expectation, next to the `dask.yaml` of a client or scheduler, where the smoke test looks for it.
 * Dask reads each `*.json` and `*.yaml` there as its configuration, so the name has no suffix.
 */
export const EXPECTATION_FILE = "expectation";

/** Pools and versions that the smoke test expects; its option `--expect` reads this shape. */
export interface Expectation {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Name of its release. */
  readonly release: string;
  /** Version of Dask. */
  readonly dask: string;
  /** Pools with their workers. */
  readonly pools: readonly ExpectedPool[];
}

/** A pool that the smoke test expects. */
export interface ExpectedPool {
  /** Name of the pool. */
  readonly name: string;
  /** Kind of the pool. */
  readonly kind: "cpu" | "gpu";
  /** Resources of each worker process; `nthreads` stands for the number of its threads. */
  readonly resources: Readonly<Record<string, number | "nthreads">>;
  /** Least number of worker processes; a pool with 0 may be absent. */
  readonly workers: number;
  /** False if the workers have no memory limit, so that they never spill; otherwise absent. */
  readonly spills?: false;
}

/** A pool, and the least number of its worker processes. */
export interface PoolWorkers {
  readonly pool: Pool;
  readonly workers: number;
}

/** Returns what the definition of a cluster promises about the workers of some of its pools. */
export function expectation(cluster: ResolvedCluster, pools: readonly PoolWorkers[]): Expectation {
  return {
    cluster: cluster.name,
    release: cluster.release.name,
    dask: cluster.release.dask,
    pools: pools.map(({ pool, workers }) => ({
      name: pool.name,
      kind: pool.kind,
      resources: Object.fromEntries(
        Object.entries(pool.resources).map(([name, amount]) => [
          name,
          amount === "threads" ? "nthreads" : amount,
        ]),
      ),
      workers,
      ...(pool.memoryLimit === false ? { spills: false as const } : {}),
    })),
  };
}

/**
 * Returns what the definition promises on AWS: each pool has the workers of at least `minSize` nodes. Pools are sorted by name,
 * because their order in the definition has no effect on AWS.
 */
export function minExpectation(cluster: ResolvedCluster): Expectation {
  const pools = [...cluster.pools].sort((a, b) => (a.name < b.name ? -1 : 1));
  return expectation(
    cluster,
    pools.map((pool) => ({ pool, workers: pool.minSize * minProcesses(pool) })),
  );
}
