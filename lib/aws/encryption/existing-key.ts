import { KmsGrant } from "@cdktf/provider-aws/lib/kms-grant";
import { type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ValidationError } from "../../config/validation-error";
import { resourceName } from "../../node/names";
import type { AutoscalingRole } from "../account/autoscaling-role";
import type { EncryptionKey } from "./encryption-key";

/** Operations that EC2 Auto Scaling needs for encrypted volumes (its User Guide, "Required AWS KMS key policy"). */
const OPERATIONS = [
  ...["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"],
  ...["GenerateDataKeyWithoutPlaintext", "DescribeKey", "CreateGrant"],
];

const KEY_ARN = /^arn:[^:]+:kms:[^:]+:\d{12}:key\/[\w-]+$/;

/** Existing key, and the role that gets a grant. */
export interface ExistingKeyProps {
  /** Cluster whose data is encrypted. */
  readonly cluster: ResolvedCluster;
  /** Existing key. */
  readonly key: EncryptionKey;
  /** Role that launches instances with encrypted volumes. */
  readonly autoscaling: AutoscalingRole;
}

/**
 * Existing key of a cluster. Creates a grant for the service-linked role of EC2 Auto Scaling, so that the policy of the key
 * does not have to name the new role.
 *
 * @example
 * const arn = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";
 * new DaskCluster(stack, "dask", { cluster, key: { arn } });
 *
 * @throws ValidationError if `key.arn` is not the ARN of a key
 */
export class ExistingKey extends Construct implements EncryptionKey {
  readonly arn: string;
  readonly grants: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, key, autoscaling }: ExistingKeyProps) {
    super(scope, id);
    if (!Token.isUnresolved(key.arn) && !KEY_ARN.test(key.arn))
      throw new ValidationError(cluster.name, [
        {
          path: "key.arn",
          value: key.arn,
          expected: "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:123456789012:key/…",
          hint: "copy the ARN of the key; policies cannot name an alias",
        },
      ]);
    this.arn = key.arn;
    const grant = new KmsGrant(this, "Resource", {
      name: resourceName(cluster, "autoscaling"),
      keyId: key.arn,
      granteePrincipal: autoscaling.arn,
      operations: OPERATIONS,
    });
    this.grants = [...(key.grants ?? []), grant];
  }
}
