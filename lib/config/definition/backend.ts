/** Where Terraform keeps its state. */
export type Backend = LocalBackend | S3Backend | HcpBackend;

/** A state file on this machine. */
export interface LocalBackend {
  readonly type: "local";
  /**
   * Path of the file, relative to the working directory.
   *
   * @default - `terraform.<name>.tfstate`
   */
  readonly path?: string;
}

/** An object in S3, encrypted, with S3's own lock file. */
export interface S3Backend {
  readonly type: "s3";
  readonly bucket: string;
  /**
   * Path of the object, without `/` at its ends.
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

/** A workspace of HCP Terraform. */
export interface HcpBackend {
  readonly type: "hcp";
  readonly organization: string;
  /** @default - the cluster's name */
  readonly workspace?: string;
  /** @default "app.terraform.io" */
  readonly hostname?: string;
}
