import type { ResolvedCluster } from "../config/resolved-cluster";
import { LIBRARY, text } from "./node-files";
import type { NodeFile } from "./node-plan";
import { packageFile } from "./package-file";

/** Lockfile on a node: the exact packages of its Python environment, one a line with the SHA-256 of its wheel. */
export const LOCKFILE = `${LIBRARY}/requirements.txt`;

/** Returns the lockfile of a cluster's nodes with or without GPU. */
export function lockfileOf({ release }: ResolvedCluster, gpu: boolean): NodeFile {
  return text(LOCKFILE, packageFile(`locks/${release.name}/${gpu ? "gpu" : "cpu"}.node.txt`));
}
