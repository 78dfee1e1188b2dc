import type { ITerraformDependable } from "cdktf";

/**
 * KMS key of the data of a cluster: a `ClusterKey`, or an object with the ARN of an existing key, such as a `KmsKey`.
 * The policy of an existing key has to allow access to
 *
 * - IAM policies of its account, by the default statement with `kms:*` for the account;
 * - CloudWatch Logs of the region, for the log groups `/dask/<cluster>/*` and `/aws/imagebuilder/dask-<cluster>*`;
 * - with monitoring, CloudWatch and EventBridge, for messages to the topic `dask-<cluster>--alerts` (docs/security.md, "Your own
 *   KMS key").
 *
 * @example
 * import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
 *
 * const policy = Fn.file("key-policy.json");
 * const key = new KmsKey(stack, "data", { enableKeyRotation: true, policy });
 * new DaskCluster(stack, "dask", { cluster, key });
 */
export interface EncryptionKey {
  /** ARN of the key, not of an alias: policies name it. */
  readonly arn: string;
  /**
   * Grants that have to exist before EC2 Auto Scaling launches instances with encrypted volumes.
   *
   * @default - none: the policy of the key allows it
   */
  readonly grants?: readonly ITerraformDependable[];
}
