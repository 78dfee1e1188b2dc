import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import { policy } from "../account/policy";
import type { EncryptionKey } from "../encryption/encryption-key";

/**
 * Adds the settings of a private bucket to a construct: no public access, no ACLs, versions, encryption by a key, access by TLS
 * only, and a lifecycle. Returns the resources that have to exist before an object is written.
 */
export function privateBucket(
  scope: Construct,
  bucket: S3Bucket,
  key: EncryptionKey,
  lifecycle: readonly S3BucketLifecycleConfigurationRule[],
): readonly ITerraformDependable[] {
  const ofBucket = { bucket: bucket.bucket };
  const access = new S3BucketPublicAccessBlock(scope, "public-access", {
    ...ofBucket,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  const versioning = new S3BucketVersioningA(scope, "versioning", {
    ...ofBucket,
    versioningConfiguration: { status: "Enabled" },
  });
  return [
    access,
    versioning,
    new S3BucketOwnershipControls(scope, "ownership", {
      ...ofBucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    }),
    new S3BucketServerSideEncryptionConfigurationA(scope, "encryption", {
      ...ofBucket,
      rule: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
          bucketKeyEnabled: true,
        },
      ],
    }),
    new S3BucketPolicy(scope, "tls-only", {
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
    new S3BucketLifecycleConfiguration(scope, "lifecycle", {
      ...ofBucket,
      rule: [...lifecycle],
      dependsOn: [versioning],
    }),
  ];
}
