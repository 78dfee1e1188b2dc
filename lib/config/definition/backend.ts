/** Location of the Terraform state. */
export type Backend = LocalBackend | S3Backend | HcpBackend;

/** State file on the computer that runs Terraform. */
export interface LocalBackend {
  readonly type: "local";
  /**
   * Path of the file, relative to the working directory.
   *
   * @default - `terraform.<name>.tfstate`
   */
  readonly path?: string;
}

/** State as an encrypted object in S3, with a lock file next to it. */
export interface S3Backend {
  readonly type: "s3";
  readonly bucket: string;
  /**
   * Key of the object, without `/` at its ends.
   *
   * @default - `cdktf-dask/<name>.tfstate`
   */
  readonly key?: string;
  /** @default - the cluster's region */
  readonly region?: string;
  /**
   * KMS key: its id, its alias as `alias/…`, or the ARN of either.
   *
   * @default - the key of the bucket
   */
  readonly kmsKeyId?: string;
}

/** State in a workspace of HCP Terraform. */
export interface HcpBackend {
  readonly type: "hcp";
  readonly organization: string;
  /** @default - the cluster's name */
  readonly workspace?: string;
  /** @default "app.terraform.io" */
  readonly hostname?: string;
}
