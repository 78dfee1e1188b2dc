import type { S3Backend } from "../../config/definition";

/** Suffixes of the states of the other stacks. Names of clusters have no two hyphens in a row, so no cluster has such a state. */
export const BACKUP_SUFFIX = "--backup";
export const PIPELINE_SUFFIX = "--pipeline";

/** Returns the key of a state in S3. */
export function stateKey(backend: S3Backend, name: string, suffix = ""): string {
  return withSuffix(backend.key ?? `cdktf-dask/${name}.tfstate`, suffix);
}

/** Adds a suffix to the name of a file, before its extension. */
export function withSuffix(path: string, suffix: string): string {
  return suffix === "" ? path : path.replace(/(\.[^./]*)?$/, `${suffix}$1`);
}
