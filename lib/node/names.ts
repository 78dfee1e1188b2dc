import { createHash } from "node:crypto";
import type { ResolvedCluster } from "../config/resolved-cluster";

/**
 * Separator of the parts of a name in AWS. Names of clusters and pools contain single hyphens only, so names of different
 * clusters differ: `dask-research--gpu-large` is the pool `gpu-large` of `research`, and
 * `dask-research-gpu--large` the pool `large` of `research-gpu`.
 */
const SEPARATOR = "--";

/**
 * Returns the name of a cluster's resource in AWS, such as `dask-production--scheduler`. The prefix
 * distinguishes it from other resources of the account.
 */
export function resourceName({ name }: Pick<ResolvedCluster, "name">, ...parts: readonly string[]): string {
  return [`dask-${name}`, ...parts].join(SEPARATOR);
}

/** Returns the name of a secret, parameter or log group of a cluster, such as `/dask/production/worker`. */
export function resourcePath({ name }: Pick<ResolvedCluster, "name">, ...parts: readonly string[]): string {
  return ["/dask", name, ...parts].join("/");
}

/** Returns a name, or if it is longer than `most`, its beginning and a digest. */
export function truncateName(name: string, most: number): string {
  if (name.length <= most) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, most - digest.length - 1)}-${digest}`;
}
