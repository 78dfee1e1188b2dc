import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Release } from "../../config/releases";
import type { Environment, ResolvedCluster } from "../../config/resolved-cluster";
import { nodePlatforms, type PackageInputs } from "./inputs";
import { digestOfInputs, type LockKind } from "./lockfile";
import type { NodePlatform } from "./wheel";

/**
 * Environment variable with the path of a file to which each synthesized cluster appends its request as a line of JSON.
 * Synthesis then does not read the lockfiles of clusters. The commands `lock`, `client` and `compose` run the app of the user
 * with it.
 */
export const LOCK_REQUESTS = "CDKTF_DASK_LOCK_REQUESTS";

/** What the commands `lock`, `client` and `compose` have to know of a cluster. */
export interface LockRequest {
  readonly cluster: string;
  /** The whole cluster, for `compose`. */
  readonly definition: ResolvedCluster;
  readonly region: string;
  readonly release: Release;
  /** Requirements of the definition and of its requirements file. */
  readonly requirements: readonly string[];
  /** Wheels of the user, by absolute path. */
  readonly wheels: readonly { readonly file: string; readonly name: string; readonly version: string }[];
  readonly index: Environment["index"];
  /** Absolute path of the folder of the lockfiles; absent if the cluster uses those of the release. */
  readonly folder?: string;
  /** Lockfiles that the cluster needs. */
  readonly kinds: readonly LockKind[];
  readonly platforms: readonly NodePlatform[];
  /** Digest of the inputs, for the header of the lockfiles. */
  readonly inputs: string;
}

/** Appends the request of a cluster to the file that the environment names, and returns whether it names one. */
export function requestLock(
  cluster: ResolvedCluster,
  inputs: PackageInputs,
  kinds: readonly LockKind[],
): boolean {
  const file = process.env[LOCK_REQUESTS];
  if (file === undefined) return false;
  const { name, region, release, environment } = cluster;
  const request: LockRequest = {
    cluster: name,
    definition: cluster,
    region,
    release,
    requirements: inputs.requirements,
    wheels: inputs.wheels.map(({ file, name, version }) => ({ file, name, version })),
    index: environment.index,
    ...(hasPackages(inputs) && { folder: resolve(environment.lockfiles) }),
    kinds,
    platforms: nodePlatforms(cluster),
    inputs: digestOfInputs(cluster, inputs),
  };
  appendFileSync(file, `${JSON.stringify(request)}\n`);
  return true;
}

/** Returns whether the user adds packages to those of the release. */
export function hasPackages({ requirements, wheels }: PackageInputs): boolean {
  return requirements.length + wheels.length > 0;
}
