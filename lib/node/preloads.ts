import { basename } from "node:path";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { packageFile, packageFiles } from "./package-file";

/** Dask's preloads of this project, below the root of this package. */
const SOURCES = "python/src/cdktf_dask/preloads";

/** Process of Dask that loads preloads. */
export type PreloadingProcess = "scheduler" | "nanny" | "worker";

/**
 * Preloads by process, for metrics of the workers and for autoscaling. The scheduler serves what the others of its preloads
 * collect.
 */
const PRELOADS = {
  scheduler: ["export_heartbeats", "drain_workers", "count_demand", "balance_pools", "serve_autoscaling"],
  nanny: [],
  worker: ["extend_heartbeats"],
} as const;

/**
 * Returns the paths of the project's preloads of a process.
 *
 * @param directory directory with the preloads
 */
export function clusterPreloads(
  { tls }: Pick<ResolvedCluster, "tls">,
  process: PreloadingProcess,
  directory: string,
): readonly string[] {
  return [...(tls ? ["reload_certificates"] : []), ...PRELOADS[process]].map(
    (name) => `${directory}/${name}.py`,
  );
}

/** Returns the files of the directory with the preloads, content by name. */
export function preloadFiles(): Readonly<Record<string, string>> {
  const paths = packageFiles(SOURCES, ".py").filter((path) => !path.endsWith("/__init__.py"));
  return Object.fromEntries(paths.map((path) => [basename(path), packageFile(path)]));
}
