import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { LocalPool } from "./pools";

/** Pools and versions that the smoke test expects: the file format of its option `--expect`. */
export interface Expectation {
  readonly cluster: string;
  readonly release: string;
  readonly dask: string;
  readonly pools: readonly {
    readonly name: string;
    readonly kind: "cpu" | "gpu";
    /** Resources of each worker process; `nthreads` means its number of threads. */
    readonly resources: Readonly<Record<string, number | "nthreads">>;
    readonly workers: number;
    /** `false` for workers without a memory limit, which never spill. */
    readonly spills?: false;
  }[];
}

/** Returns what the smoke test should find: the pools that run on this computer. */
export function expectation(cluster: ResolvedCluster, pools: readonly LocalPool[]): Expectation {
  return {
    cluster: cluster.name,
    release: cluster.release.name,
    dask: cluster.release.dask,
    pools: pools.map(({ pool, nodes, workers }) => ({
      name: pool.name,
      kind: pool.kind,
      resources: Object.fromEntries(
        Object.entries(pool.resources).map(([name, amount]) => [
          name,
          amount === "threads" ? "nthreads" : amount,
        ]),
      ),
      workers: nodes * workers,
      ...(pool.memoryLimit === false ? { spills: false as const } : {}),
    })),
  };
}
