/** Backups of a cluster's published datasets in S3. The tasks of all pools may write them; docs/backup.md has the details. */
export interface BackupDefinition {
  /**
   * Name of an existing S3 bucket, without dots, in the region of the cluster.
   *
   * @default - the bucket of the `BackupStack` of the cluster, which has to be deployed before the cluster
   */
  readonly bucket?: string;
  /**
   * ARN of the customer managed KMS key that encrypts an existing bucket.
   *
   * @default - the bucket is encrypted by keys of S3 (SSE-S3) or by the AWS managed key `aws/s3`
   */
  readonly kmsKey?: string;
  /**
   * Days until S3 deletes a backup. An existing bucket keeps its lifecycle.
   *
   * @default - backups stay until `dask-cluster backup --keep` deletes them
   */
  readonly retentionDays?: number;
  /**
   * Whether `cdktf destroy` of the `BackupStack` deletes the bucket and its key, with all backups. By default it fails.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;
}
