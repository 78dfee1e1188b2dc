import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ACCOUNT, artifactBucketName } from "../../node/artifact-bucket";
import type { Account } from "../account/account";
import { suppress } from "../account/suppression";
import type { EncryptionKey } from "../encryption/encryption-key";
import { privateBucket } from "./private-bucket";

/** Days until S3 deletes old versions of objects, and incomplete uploads. */
const OLD_VERSION_DAYS = 30;
const UPLOAD_DAYS = 1;

/** Cluster, account and key of the bucket. */
export interface ArtifactBucketProps {
  /** Cluster whose nodes download from the bucket. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster; its id is part of the bucket's name. */
  readonly account: Account;
  /** Key that encrypts the objects. */
  readonly key: EncryptionKey;
}

/**
 * S3 bucket with the bundles of a cluster's nodes: private, encrypted by the cluster's key, versioned, with access by TLS
 * only. It is emptied and deleted with the cluster. An existing bucket of the definition is used without changes.
 */
export class ArtifactBucket extends Construct {
  /** Name of the bucket. */
  readonly name: string;
  /** ARN of the bucket. */
  readonly arn: string;
  /** Resources that have to exist before an object is written. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, account, key }: ArtifactBucketProps) {
    super(scope, id);
    if (cluster.artifactBucket !== undefined) {
      this.name = cluster.artifactBucket;
      this.arn = `arn:${account.partition}:s3:::${this.name}`;
      this.ready = [];
      return;
    }
    const bucket = new S3Bucket(this, "Resource", {
      bucket: artifactBucketName(cluster).replace(ACCOUNT, account.accountId),
      forceDestroy: true,
    });
    this.name = bucket.bucket;
    this.arn = bucket.arn;
    this.ready = privateBucket(this, bucket, key, [
      {
        id: "old-versions",
        status: "Enabled",
        filter: [{ prefix: "" }],
        noncurrentVersionExpiration: [{ noncurrentDays: OLD_VERSION_DAYS }],
        abortIncompleteMultipartUpload: [{ daysAfterInitiation: UPLOAD_DAYS }],
      },
    ]);
    suppress(bucket, "CKV_AWS_18", "nodes read few objects, which CloudTrail can record");
    suppress(
      bucket,
      "CKV_AWS_144",
      "synthesis creates all objects again, so the loss of a region loses no data",
    );
    suppress(bucket, "CKV2_AWS_62", "only deployments write objects, and nothing waits for events");
  }
}
