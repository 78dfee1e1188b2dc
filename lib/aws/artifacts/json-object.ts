import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption/encryption-key";
import type { ArtifactBucket } from "./artifact-bucket";

/** Decides what is uploaded, and where to. */
export interface JsonObjectProps {
  /** Bucket of the cluster. */
  readonly bucket: ArtifactBucket;
  /** Key that encrypts the object. */
  readonly key: EncryptionKey;
  /** Key of the object in the bucket. */
  readonly path: string;
  /** What is uploaded as JSON. */
  readonly content: object;
}

/** JSON in the artifact bucket that nodes read at run time, so that a change of it replaces no node. */
export class JsonObject extends Construct {
  /** ARN of the object. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { bucket, key, path, content }: JsonObjectProps) {
    super(scope, id);
    new S3Object(this, "Resource", {
      bucket: bucket.name,
      key: path,
      content: JSON.stringify(content),
      contentType: "application/json",
      serverSideEncryption: "aws:kms",
      kmsKeyId: key.arn,
      bucketKeyEnabled: true,
      dependsOn: [...bucket.ready],
    });
    this.arn = `${bucket.arn}/${path}`;
  }
}
