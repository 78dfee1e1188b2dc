import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import type { AutoscalingRole } from "../account/autoscaling-role";
import { policy, type Statement } from "../account/policy";
import type { EncryptionKey } from "./encryption-key";
import { logGroupNames } from "./log-names";

/** Days in which a key that was deleted by mistake can be had back: the most that KMS takes. */
const DELETION_DAYS = 30;

/** What a service needs to encrypt and decrypt by a key. */
const KEY_ACTIONS = [
  "kms:Encrypt",
  "kms:Decrypt",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
  "kms:GenerateDataKey",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:DescribeKey",
];

/** Decides which data the key encrypts, and who uses it. */
export interface ClusterKeyProps {
  /** Cluster whose data is encrypted. */
  readonly cluster: ResolvedCluster;
  /** Account that administers the key. */
  readonly account: Account;
  /** Role that launches machines with encrypted volumes. */
  readonly autoscaling: AutoscalingRole;
}

/**
 * The key under which everything of a cluster is encrypted that lies anywhere: volumes, images, secrets, bundles and logs. AWS
 * renews its material every year. The account's administrators hand out its use by their own policies, as do the
 * roles of the machines; who else uses it is named here.
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
      policy: policy(administration(account), logs(cluster, account), ...launches(autoscaling)),
      tags: { Name: resourceName(cluster) },
    });
    new KmsAlias(this, "alias", { name: `alias/${resourceName(cluster)}`, targetKeyId: key.id });
    this.arn = key.arn;
  }
}

/** A key that its account could not administer would be lost with the last role that could. */
function administration({ partition, accountId }: Account): Statement {
  return {
    Sid: "AdministeredByItsAccount",
    Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
    Action: "kms:*",
    // In a key's own policy, the key.
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

/** What EC2 Auto Scaling needs for encrypted volumes (its User Guide, "Required AWS KMS key policy"). */
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
