/** Location of the Terraform state. */
export type Backend = LocalBackend | S3Backend | HcpBackend;

/** State file on the computer that runs Terraform. */
export interface LocalBackend {
  /** Kind of the backend. */
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
  /** Kind of the backend. */
  readonly type: "s3";
  /** Name of an existing bucket. */
  readonly bucket: string;
  /**
   * Key of the object, without `/` at its ends.
   *
   * @default - `cdktf-dask/<name>.tfstate`
   */
  readonly key?: string;
  /**
   * Region of the bucket.
   *
   * @default - the cluster's region
   */
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
  /** Kind of the backend. */
  readonly type: "hcp";
  /** Name of the organization. */
  readonly organization: string;
  /**
   * Name of the workspace.
   *
   * @default - the cluster's name
   */
  readonly workspace?: string;
  /**
   * Host name of HCP Terraform or Terraform Enterprise.
   *
   * @default "app.terraform.io"
   */
  readonly hostname?: string;
}
