import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { Expectation } from "../../node/expectation";
import { expectationKey } from "../../node/smoke-test";
import type { EncryptionKey } from "../encryption/encryption-key";
import type { ArtifactBucket } from "./artifact-bucket";

/** Decides what the smoke test expects, and where that is uploaded to. */
export interface ExpectationObjectProps {
  /** Cluster that is tested. */
  readonly cluster: ResolvedCluster;
  /** What the smoke test expects. */
  readonly expectation: Expectation;
  /** Bucket of the cluster. */
  readonly bucket: ArtifactBucket;
  /** Key that encrypts the object. */
  readonly key: EncryptionKey;
}

/** What the smoke test expects of a cluster, in the artifact bucket. The scheduler reads it when the test runs. */
export class ExpectationObject extends Construct {
  /** ARN of the object. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { cluster, expectation, bucket, key }: ExpectationObjectProps) {
    super(scope, id);
    new S3Object(this, "Resource", {
      bucket: bucket.name,
      key: expectationKey(cluster),
      content: JSON.stringify(expectation),
      contentType: "application/json",
      serverSideEncryption: "aws:kms",
      kmsKeyId: key.arn,
      bucketKeyEnabled: true,
      dependsOn: [...bucket.ready],
    });
    this.arn = `${bucket.arn}/${expectationKey(cluster)}`;
  }
}
