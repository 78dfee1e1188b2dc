import type { ResolvedCluster } from "../config/resolved-cluster";
import { ValidationError } from "../config/validation-error";
import { packageFile } from "../node/package-file";
import type { LockKind } from "../node/packages/lockfile";
import { type Packages, readPackages } from "../node/packages/read-packages";
import { PIP_LOCKFILE } from "./lockfiles";

/**
 * Reads the packages of a local cluster.
 *
 * @throws ValidationError for wheels that nodes cannot install, and for lockfiles that are missing or outdated
 */
export function localPackages(cluster: ResolvedCluster): Packages {
  const packages = readPackages(cluster);
  if (packages.issues.length > 0) throw new ValidationError(cluster.name, packages.issues);
  return packages;
}

/** Returns the texts of the lockfiles of the environment: that of the cluster, and that of pip if the first has no pip. */
export function lockfilesOf({ lockfiles }: Packages, kind: LockKind): readonly string[] {
  const text = lockfiles[kind];
  return /^pip==/m.test(text) ? [text] : [text, packageFile(PIP_LOCKFILE)];
}
