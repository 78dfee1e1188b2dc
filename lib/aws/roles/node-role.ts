import type { Construct } from "constructs";
import type { SecretReference } from "../../config/definition";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { logPool } from "../../node/logs";
import type { NodePlan } from "../../node/node-plan";
import { secretVariables } from "../../node/variables";
import type { Account } from "../account/account";
import type { ArtifactBucket } from "../artifacts/artifact-bucket";
import type { BundleObject } from "../artifacts/bundle-object";
import type { ClusterSecrets } from "../encryption/cluster-secrets";
import type { EncryptionKey } from "../encryption/encryption-key";
import type { LogGroup } from "../encryption/log-group";
import { InstanceRole, type InstanceRoleProps } from "./instance-role";
import { readBundles } from "./read-bundles";

/** Tag in which a node reports its state: `ready`, or the boot step that failed and why. */
export const STATE_TAG = "dask:state";

/** Resources that a node may read and tag. */
export interface NodeRoleProps {
  /** Cluster of the node. */
  readonly cluster: ResolvedCluster;
  /** Plan of the node. */
  readonly node: NodePlan;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key that encrypts the secrets and the bundle. */
  readonly key: EncryptionKey;
  /** Bucket of the bundle. */
  readonly artifacts: ArtifactBucket;
  /** Bundle of the node. */
  readonly bundle: BundleObject;
  /** Log group of the nodes' journals. */
  readonly logs: LogGroup;
  /** @default - none: a cluster without TLS */
  readonly secrets?: ClusterSecrets;
}

/**
 * Role of a node. In addition to `InstanceRole`, it may read the node's bundle, write log streams of its pool, and set
 * the tag `dask:state` of instances with the node's tags.
 *
 * @example
 * for (const { role } of [dask.scheduler, ...Object.values(dask.pools)])
 *   role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-data/*" });
 */
export class NodeRole extends InstanceRole {
  /** Key of the cluster. */
  protected readonly key: EncryptionKey;

  constructor(scope: Construct, id: string, props: InstanceRoleProps & NodeRoleProps) {
    super(scope, id, props);
    this.key = props.key;
    this.allow("read-bundle", ...readBundles(props, props.bundle.arn));
    this.allow("tag-machines", {
      Action: "ec2:CreateTags",
      Resource: this.account.arn("ec2", "instance/*"),
      Condition: {
        StringEquals: Object.fromEntries(
          Object.entries(props.node.tags).map(([tag, value]) => [`ec2:ResourceTag/${tag}`, value]),
        ),
        "ForAllValues:StringEquals": { "aws:TagKeys": [STATE_TAG] },
      },
    });
    this.allow("write-logs", {
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: `${props.logs.group.arn}:log-stream:${logPool(props.node)}/*`,
    });
    this.allowVariables(Object.values(secretVariables(props.node.service)));
  }

  /** Allows reading the secrets of environment variables, and the use of their keys for these secrets only. */
  private allowVariables(references: readonly SecretReference[]): void {
    if (references.length === 0) return;
    const keys = new Set(references.flatMap(({ kmsKey }) => kmsKey ?? []));
    this.allow(
      "variables",
      {
        Action: "secretsmanager:GetSecretValue",
        Resource: [
          ...new Set(references.map(({ secretsManager }) => this.account.secretArn(secretsManager))),
        ],
      },
      ...[...keys].map((key) => ({
        Action: "kms:Decrypt",
        Resource: key,
        Condition: {
          StringEquals: { "kms:ViaService": `secretsmanager.${key.split(":")[3]}.${this.account.dnsSuffix}` },
          StringLike: {
            "kms:EncryptionContext:SecretARN": references
              .filter(({ kmsKey }) => kmsKey === key)
              .map(({ secretsManager }) => this.account.secretArn(secretsManager)),
          },
        },
      })),
    );
  }

  /** Allows reading secrets, optionally writing them, and the use of their key for these secrets only. */
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
          "kms:ViaService": this.account.servicePrincipal("secretsmanager"),
          "kms:EncryptionContext:SecretARN": arns,
        },
      },
    });
  }
}
