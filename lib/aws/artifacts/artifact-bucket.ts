import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ACCOUNT, artifactBucketName } from "../../node/artifact-bucket";
import type { Account } from "../account/account";
import { policy } from "../account/policy";
import { suppress } from "../account/suppression";
import type { EncryptionKey } from "../encryption/encryption-key";

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
    this.ready = this.settings(bucket, key);
    suppress(bucket, "CKV_AWS_18", "nodes read few objects, which CloudTrail can record");
    suppress(
      bucket,
      "CKV_AWS_144",
      "synthesis creates all objects again, so the loss of a region loses no data",
    );
    suppress(bucket, "CKV2_AWS_62", "only deployments write objects, and nothing waits for events");
  }

  private settings(bucket: S3Bucket, key: EncryptionKey): readonly ITerraformDependable[] {
    const ofBucket = { bucket: bucket.bucket };
    const access = new S3BucketPublicAccessBlock(this, "public-access", {
      ...ofBucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const versioning = new S3BucketVersioningA(this, "versioning", {
      ...ofBucket,
      versioningConfiguration: { status: "Enabled" },
    });
    return [
      access,
      versioning,
      new S3BucketOwnershipControls(this, "ownership", {
        ...ofBucket,
        rule: { objectOwnership: "BucketOwnerEnforced" },
      }),
      new S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
        ...ofBucket,
        rule: [
          {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
            bucketKeyEnabled: true,
          },
        ],
      }),
      new S3BucketPolicy(this, "tls-only", {
        ...ofBucket,
        policy: policy({
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: { AWS: "*" },
          Action: "s3:*",
          Resource: [bucket.arn, `${bucket.arn}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
        // S3 rejects concurrent changes of both.
        dependsOn: [access],
      }),
      new S3BucketLifecycleConfiguration(this, "lifecycle", {
        ...ofBucket,
        rule: [
          {
            id: "old-versions",
            status: "Enabled",
            filter: [{ prefix: "" }],
            noncurrentVersionExpiration: [{ noncurrentDays: OLD_VERSION_DAYS }],
            abortIncompleteMultipartUpload: [{ daysAfterInitiation: UPLOAD_DAYS }],
          },
        ],
        dependsOn: [versioning],
      }),
    ];
  }
}
