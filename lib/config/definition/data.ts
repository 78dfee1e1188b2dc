/** Data in Amazon S3 that tasks use. Each entry becomes permissions of the role of a pool; docs/data.md lists them. */
export interface DataDefinition {
  /**
   * What tasks read. `s3://bucket/prefix` stands for the object `prefix` and for all below `prefix/`, `s3://bucket` for all
   * objects of a bucket. Access points are not supported.
   *
   * @default - nothing
   */
  readonly read?: readonly string[];
  /**
   * What tasks read, write and delete, in the same form.
   *
   * @default - nothing
   */
  readonly write?: readonly string[];
  /**
   * ARNs of the customer managed KMS keys that encrypt this data. Tasks use them only through S3. The policy of a key in
   * another account has to allow it too.
   *
   * @default - none: objects are encrypted by keys of S3 (SSE-S3) or by the AWS managed key `aws/s3`
   */
  readonly kmsKeys?: readonly string[];
}
