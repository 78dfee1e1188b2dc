import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { Construct } from "constructs";
import type { Cluster } from "../../cluster/cluster";
import type { Account } from "../account/account";
import type { Tags } from "../account/tags";
import type { ClusterKey } from "../encryption/cluster-key";
import type { ClusterSecrets } from "../encryption/cluster-secrets";
import { MachineRole, type MachineRoleProps } from "./machine-role";

/** Tag by which a machine says that it is ready, or where and why it failed. */
export const STATE_TAG = "dask:state";

/** What the roles of a cluster's members are made from. */
export interface MemberRoleProps {
  /** Cluster that the machines belong to. */
  readonly cluster: Cluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key under which the secrets are encrypted. */
  readonly key: ClusterKey;
  /** Parameter of the machines' lock. */
  readonly lock: SsmParameter;
  /** @default - none: a cluster without TLS */
  readonly secrets?: ClusterSecrets;
}

/** Properties of a `NodeRole`. */
export interface NodeRoleProps extends MachineRoleProps, MemberRoleProps {
  /** Tags that its machines have, and no others. */
  readonly ownTags: Tags;
}

/** What every member of a cluster may do: look its packages up, and tag itself and its like with their state. */
export class NodeRole extends MachineRole {
  private readonly key: ClusterKey;

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id, props);
    this.key = props.key;
    this.allow("read-lock", { Action: "ssm:GetParameter", Resource: props.lock.arn });
    this.allow("tag-machines", {
      Action: "ec2:CreateTags",
      Resource: this.account.arn("ec2", "instance/*"),
      Condition: {
        StringEquals: Object.fromEntries(
          Object.entries(props.ownTags).map(([tag, value]) => [`ec2:ResourceTag/${tag}`, value]),
        ),
        "ForAllValues:StringEquals": { "aws:TagKeys": [STATE_TAG] },
      },
    });
  }

  /** Allows reading secrets, or writing them too, and their key for that alone. */
  protected allowSecrets(arns: readonly string[], ...more: readonly "PutSecretValue"[]): void {
    this.allow("secrets", {
      Action: ["GetSecretValue", ...more].map((action) => `secretsmanager:${action}`),
      Resource: arns,
    });
    this.allow("key-of-secrets", {
      Action: ["kms:Decrypt", ...(more.length > 0 ? ["kms:GenerateDataKey"] : [])],
      Resource: this.key.arn,
      Condition: {
        StringEquals: {
          "kms:ViaService": this.account.via("secretsmanager"),
          "kms:EncryptionContext:SecretARN": arns,
        },
      },
    });
  }
}
