import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { App, AssetType, TerraformAsset } from "cdktf";
import { Construct } from "constructs";
import type { Bundle } from "../../node/bundle";
import type { EncryptionKey } from "../encryption/encryption-key";
import type { ArtifactBucket } from "./artifact-bucket";

/** Bundle to upload, and its bucket. */
export interface BundleObjectProps {
  /** Bundle of a node. */
  readonly bundle: Bundle;
  /** Bucket of the cluster. */
  readonly bucket: ArtifactBucket;
  /** Key that encrypts the object. */
  readonly key: EncryptionKey;
}

/**
 * Bundle of a node as an object in the artifact bucket. The archive is an asset in the directory of the stack, so
 * remote runs of HCP Terraform have it too. The key contains the checksum, and Terraform creates a replacement first,
 * because running groups still start nodes that download the old object.
 */
export class BundleObject extends Construct {
  /** The object, which has to exist before the node starts. */
  readonly object: S3Object;
  /** ARN of the object. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { bundle, bucket, key }: BundleObjectProps) {
    super(scope, id);
    const asset = bundleAsset(this, "archive", bundle);
    this.object = new S3Object(this, "Resource", {
      bucket: bucket.name,
      key: bundle.key,
      source: asset.path,
      sourceHash: bundle.sha256,
      contentType: "application/gzip",
      // Set explicitly, because an existing bucket may have another default key, which nodes may not use.
      serverSideEncryption: "aws:kms",
      kmsKeyId: key.arn,
      bucketKeyEnabled: true,
      lifecycle: { createBeforeDestroy: true },
      dependsOn: [...bucket.ready],
    });
    this.arn = `${bucket.arn}/${bundle.key}`;
  }
}

/** Creates an asset with the archive of a bundle, so remote runs of HCP Terraform have it too. */
export function bundleAsset(scope: Construct, id: string, bundle: Bundle): TerraformAsset {
  return new TerraformAsset(scope, id, {
    path: writtenTo(join(App.of(scope).outdir, "bundles"), bundle),
    type: AssetType.FILE,
    assetHash: bundle.sha256,
  });
}

/** Writes a bundle to a folder from which cdktf copies assets, and returns its path. */
export function writtenTo(folder: string, { sha256, archive }: Bundle): string {
  const file = resolve(folder, `${sha256}.tar.gz`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  // Several processes may synthesize at the same time.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, archive);
  renameSync(draft, file);
  return file;
}
