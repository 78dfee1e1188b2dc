import type { ITerraformDependable } from "cdktf";

/**
 * KMS key under which the data of a cluster is encrypted: a `ClusterKey`, or an object with the ARN of an existing key, such as
 * a `KmsKey`. The policy of an existing key has to allow
 *
 * - the IAM policies of its account: the usual statement with `kms:*` for the account's root;
 * - CloudWatch Logs of the region, for the log groups `/dask/<cluster>/*` and `/aws/imagebuilder/dask-<cluster>*`
 *   (docs/security.md, "A key of yours").
 *
 * @example
 * import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
 *
 * const key = new KmsKey(stack, "data", { enableKeyRotation: true, policy: keyPolicy });
 * new DaskCluster(stack, "dask", { cluster, key });
 */
export interface EncryptionKey {
  /** ARN of the key, not of an alias: policies name it. */
  readonly arn: string;
  /**
   * What lets EC2 Auto Scaling use the key, before it launches instances with encrypted volumes.
   *
   * @default - nothing: the policy of the key does
   */
  readonly grants?: readonly ITerraformDependable[];
}
