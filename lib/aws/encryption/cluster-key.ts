import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import { keyStatementsOfAlerts } from "../account/alert-publishers";
import type { AutoscalingRole } from "../account/autoscaling-role";
import { policy, type Statement } from "../account/policy";
import type { EncryptionKey } from "./encryption-key";
import { logGroupNames } from "./log-names";

/** Days in which a deleted key can be restored: the maximum of KMS. */
export const DELETION_DAYS = 30;

/** Actions to encrypt and decrypt data by a key. */
const KEY_ACTIONS = [
  "kms:Encrypt",
  "kms:Decrypt",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
  "kms:GenerateDataKey",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:DescribeKey",
];

/** Cluster of the key, and the roles in its policy. */
export interface ClusterKeyProps {
  /** Cluster whose data is encrypted. */
  readonly cluster: ResolvedCluster;
  /** Account that administers the key. */
  readonly account: Account;
  /** Role that launches instances with encrypted volumes. */
  readonly autoscaling: AutoscalingRole;
}

/**
 * KMS key of all data of a cluster at rest: volumes, AMIs, secrets, bundles, logs and alerts. AWS rotates it every year. IAM
 * policies of the account, such as those of the nodes' roles, grant its use; its own policy grants it to CloudWatch
 * Logs, to EC2 Auto Scaling, and to the alarms and rules that publish alerts.
 *
 * @example
 * new TerraformOutput(stack, "key", { value: dask.key.arn });
 */
export class ClusterKey extends Construct implements EncryptionKey {
  /** ARN of the key. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { cluster, account, autoscaling }: ClusterKeyProps) {
    super(scope, id);
    const key = new KmsKey(this, "Resource", {
      description: `data of the Dask cluster ${cluster.name}`,
      enableKeyRotation: true,
      deletionWindowInDays: DELETION_DAYS,
      policy: policy(
        administration(account),
        logs(cluster, account),
        ...keyStatementsOfAlerts(cluster, account),
        ...launches(autoscaling),
      ),
      tags: { Name: resourceName(cluster) },
    });
    new KmsAlias(this, "alias", { name: `alias/${resourceName(cluster)}`, targetKeyId: key.id });
    this.arn = key.arn;
  }
}

/** Allows the account to administer the key by IAM policies. Without it, the key could become unmanageable. */
export function administration({ partition, accountId }: Account): Statement {
  return {
    Sid: "AdministeredByItsAccount",
    Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
    Action: "kms:*",
    // The key itself.
    Resource: "*",
  };
}

function logs(cluster: ResolvedCluster, account: Account): Statement {
  return {
    Sid: "LogsOfTheCluster",
    Principal: { Service: account.servicePrincipal("logs") },
    Action: KEY_ACTIONS,
    Resource: "*",
    Condition: {
      ArnLike: {
        "kms:EncryptionContext:aws:logs:arn": logGroupNames(cluster).map((name) =>
          account.arn("logs", `log-group:${name}`),
        ),
      },
    },
  };
}

/** Allows EC2 Auto Scaling to launch instances with encrypted volumes (its User Guide, "Required AWS KMS key policy"). */
function launches({ arn }: AutoscalingRole): readonly Statement[] {
  const Principal = { AWS: arn };
  return [
    { Sid: "VolumesOfThePools", Principal, Action: KEY_ACTIONS, Resource: "*" },
    {
      Sid: "VolumesOfThePoolsWhileAttached",
      Principal,
      Action: "kms:CreateGrant",
      Resource: "*",
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
