/**
 * Your packages in the Python environment of scheduler, workers, local stack, baked AMIs and clients. They are locked together
 * with the packages of the release, by the command `npx cdktf-dask lock`. Paths are relative to the working directory of the
 * synthesis.
 */
export interface EnvironmentDefinition {
  /**
   * Requirements with name, extras, versions and markers, as in PEP 508, such as `"xgboost==3.1.*"`. Packages come as wheels
   * from an index: no URLs, no source distributions.
   *
   * @default - none
   */
  readonly packages?: readonly string[];
  /**
   * Path of a requirements file: one requirement on each line, and comments. Added to `packages`.
   *
   * @default - none
   */
  readonly requirements?: string;
  /**
   * Paths of wheels that are in no index, such as `dist/my_lib-1.2-py3-none-any.whl`. Nodes get them in their bundle. All
   * wheels together have at most 100 MB.
   *
   * @default - none
   */
  readonly wheels?: readonly string[];
  /**
   * Package indexes.
   *
   * @default - PyPI; for local stack, lock and client, the index of pip's configuration
   */
  readonly index?: PackageIndexDefinition;
  /**
   * Folder of the lockfiles `cpu.txt` and, for GPU pools, `gpu.txt`. Keep it under version control.
   *
   * @default - `dask-locks/` and the name of the cluster
   */
  readonly lockfiles?: string;
}

/** Package indexes. URLs have no credentials. */
export interface PackageIndexDefinition {
  /**
   * URL of the index that replaces PyPI.
   *
   * @default - PyPI
   */
  readonly url?: string;
  /**
   * URLs of additional indexes. The first index with a package provides all its versions; the replacement of PyPI is the last.
   *
   * @default - none
   */
  readonly extraUrls?: readonly string[];
  /**
   * Name or ARN of a secret in AWS Secrets Manager with user and password of all indexes: `{ "username": "…", "password":
   * "…" }`. Nodes read it while they install; their roles may read it. On your computer, uv reads `~/.netrc`.
   *
   * @default - none: indexes that need no password
   */
  readonly credentialsSecret?: string;
}
