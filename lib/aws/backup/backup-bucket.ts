import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ACCOUNT } from "../../node/artifact-bucket";
import { backupBucketName, backupKeyAlias } from "../../node/backup-bucket";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import { policy } from "../account/policy";
import { suppress } from "../account/suppression";
import { privateBucket } from "../artifacts/private-bucket";
import { administration, DELETION_DAYS } from "../encryption/cluster-key";

/** Days until S3 deletes old versions of backups, and of the configuration, and incomplete uploads. */
const OLD_BACKUP_DAYS = 30;
const OLD_CONFIGURATION_DAYS = 365;
const UPLOAD_DAYS = 1;

/** Cluster and account of the bucket. */
export interface BackupBucketProps {
  /** Cluster, with `backup` in its definition. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster; its id is part of the bucket's name. */
  readonly account: Account;
}

/**
 * S3 bucket with the backups of a cluster, and its KMS key: private, versioned, with access by TLS only. The key is not the
 * cluster's, which is deleted with the cluster. Unless the definition has `forceDestroy`, Terraform refuses to delete both.
 *
 * @example
 * const cluster = defineCluster({ name: "production", network: { adminSubnets: ["10.8.0.0/16"] }, backup: {} });
 * const { backupBucket } = new BackupStack(app, "production-backup", { cluster });
 * new TerraformOutput(backupBucket, "name", { value: backupBucket.name });
 */
export class BackupBucket extends Construct {
  /** Name of the bucket. */
  readonly name: string;
  /** ARN of the key that encrypts it. */
  readonly keyArn: string;
  /** Resources that have to exist before an object is written. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, account }: BackupBucketProps) {
    super(scope, id);
    const { retentionDays, forceDestroy = false } = cluster.backup ?? {};
    const lifecycle = forceDestroy ? {} : { lifecycle: { preventDestroy: true } };
    const key = new KmsKey(this, "key", {
      description: `backups of the Dask cluster ${cluster.name}`,
      enableKeyRotation: true,
      deletionWindowInDays: DELETION_DAYS,
      policy: policy(administration(account)),
      tags: { Name: resourceName(cluster, "backup") },
      ...lifecycle,
    });
    const alias = new KmsAlias(this, "alias", { name: backupKeyAlias(cluster), targetKeyId: key.id });
    const bucket = new S3Bucket(this, "Resource", {
      bucket: (backupBucketName(cluster) ?? "").replace(ACCOUNT, account.accountId),
      forceDestroy,
      ...lifecycle,
    });
    this.name = bucket.bucket;
    this.keyArn = key.arn;
    const expiring = (prefix: string, days: number | undefined, noncurrentDays = OLD_BACKUP_DAYS) => ({
      id: prefix,
      status: "Enabled",
      filter: [{ prefix: `${prefix}/` }],
      ...(days === undefined ? {} : { expiration: [{ days }] }),
      noncurrentVersionExpiration: [{ noncurrentDays }],
    });
    this.ready = [
      alias,
      ...privateBucket(this, bucket, key, [
        // The index ends first, so that a backup which is listed is whole.
        expiring("index", retentionDays),
        expiring("datasets", retentionDays === undefined ? undefined : retentionDays + 1),
        expiring("configuration", undefined, OLD_CONFIGURATION_DAYS),
        {
          id: "uploads",
          status: "Enabled",
          filter: [{ prefix: "" }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: UPLOAD_DAYS }],
        },
      ]),
    ];
    suppress(bucket, "CKV_AWS_18", "workers write few objects, which CloudTrail can record");
    suppress(bucket, "CKV_AWS_144", "a second region is a decision of the user, and costs twice the storage");
    suppress(bucket, "CKV2_AWS_62", "clients list the backups, and nothing waits for events");
  }
}
