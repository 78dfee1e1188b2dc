import { DataAwsKmsAlias } from "@cdktf/provider-aws/lib/data-aws-kms-alias";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ACCOUNT } from "../../node/artifact-bucket";
import { backupBucketName, backupKeyAlias } from "../../node/backup-bucket";
import type { Account } from "../account/account";
import type { RoleStatement } from "../account/policy";

/** Cluster whose backups are at the location. */
export interface BackupLocationProps {
  /** Cluster, with `backup` in its definition. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster; its id is part of the bucket's name. */
  readonly account: Account;
}

/**
 * Location of a cluster's backups: the bucket of its `BackupStack`, which has to be deployed before, or an existing bucket.
 * The key of the bucket is looked up by its alias, so a deployment without that stack fails before it changes anything.
 *
 * @example
 * const cluster = defineCluster({ name: "research", network: { adminSubnets: ["10.8.0.0/16"] }, backup: {} });
 * const stack = new AwsStack(app, "research", { cluster });
 * const { backup } = stack.daskCluster;
 * if (backup) new TerraformOutput(stack, "backups", { value: backup.url });
 */
export class BackupLocation extends Construct {
  /** Name of the bucket. */
  readonly bucket: string;
  /** URL of the location for `dask-cluster --location`. */
  readonly url: string;
  /**
   * Permissions to write and read the partitions of backups. Not their indexes: tasks, which are code of clients, must not
   * decide what a restore loads.
   */
  readonly partitionStatements: readonly RoleStatement[];

  constructor(scope: Construct, id: string, { cluster, account }: BackupLocationProps) {
    super(scope, id);
    this.bucket = (backupBucketName(cluster) ?? "").replace(ACCOUNT, account.accountId);
    this.url = `s3://${this.bucket}`;
    const arn = `arn:${account.partition}:s3:::${this.bucket}`;
    const key = cluster.backup?.bucket === undefined ? this.keyOfStack(cluster) : cluster.backup.kmsKey;
    this.partitionStatements = [
      {
        Action: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
        Resource: `${arn}/datasets/*`,
      },
      ...(key === undefined
        ? []
        : [
            {
              Action: ["kms:Decrypt", "kms:GenerateDataKey"],
              Resource: key,
              Condition: { StringEquals: { "kms:ViaService": account.servicePrincipal("s3") } },
            },
          ]),
    ];
  }

  private keyOfStack(cluster: ResolvedCluster): string {
    return new DataAwsKmsAlias(this, "key", { name: backupKeyAlias(cluster) }).targetKeyArn;
  }
}
