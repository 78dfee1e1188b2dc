import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { AwsStack } from "../../../lib/aws/aws-stack";
import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { artifactBucketName } from "../../../lib/node/artifact-bucket";
import { settingsOnAws } from "../../../lib/node/autoscaler-service";
import { planNodes } from "../../../lib/node/plan";
import { schedulerNode, worker } from "../../node/specs";
import { Synthesized } from "../../support/synthesized";
import { readArn, readPolicy } from "../policies";

const define = (definition: Partial<ClusterDefinition> = {}) =>
  defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [{ name: "cpu", kind: "cpu" }],
    ...definition,
  });
const synthesize = (definition: Partial<ClusterDefinition> = {}) =>
  Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster: define(definition) }));

describe("the artifact bucket", () => {
  const stack = synthesize();
  const bucket = expect.stringMatching(/^\$\{aws_s3_bucket\.dask_artifacts_\w+\.bucket\}$/);

  test("is named after cluster, region and account, and is destroyed together with its objects", () => {
    const { bucket: name, ...rest } = stack.resource("aws_s3_bucket");
    expect(readArn(name)).toBe("dask-test--us-west-2--ACCOUNT");
    expect(rest).toEqual({ force_destroy: true });
  });

  test("blocks public access and ACLs", () => {
    expect(stack.resource("aws_s3_bucket_public_access_block")).toEqual({
      bucket,
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    expect(stack.resource("aws_s3_bucket_ownership_controls")).toEqual({
      bucket,
      rule: { object_ownership: "BucketOwnerEnforced" },
    });
  });

  test("encrypts with the cluster's key, keeps old versions for 30 days, and rejects requests without TLS", () => {
    expect(stack.resource("aws_s3_bucket_server_side_encryption_configuration")).toEqual({
      bucket,
      rule: [
        {
          apply_server_side_encryption_by_default: {
            sse_algorithm: "aws:kms",
            kms_master_key_id: expect.stringMatching(/^\$\{aws_kms_key\./),
          },
          bucket_key_enabled: true,
        },
      ],
    });
    expect(stack.resource("aws_s3_bucket_versioning")).toEqual({
      bucket,
      versioning_configuration: { status: "Enabled" },
    });
    expect(stack.resource("aws_s3_bucket_lifecycle_configuration")).toMatchObject({
      rule: [
        {
          noncurrent_version_expiration: [{ noncurrent_days: 30 }],
          abort_incomplete_multipart_upload: [{ days_after_initiation: 1 }],
        },
      ],
    });
    expect(readPolicy(stack.resource("aws_s3_bucket_policy").policy)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: { AWS: "*" },
          Action: "s3:*",
          Resource: ["BUCKET", "BUCKET/*"],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
  });

  test("has the bundle of each node, which is created before the node and replaced before it is deleted", () => {
    const bundles = { scheduler: schedulerNode(define()).bundle, cpu: worker(define(), "cpu").bundle };
    // The two others are the settings of the autoscaler and the expectation of the smoke test.
    expect(stack.resources("aws_s3_object")).toHaveLength(4);
    for (const [id, bundle] of Object.entries(bundles)) {
      expect(stack.resource("aws_s3_object", `bundles_${id}`)).toMatchObject({
        bucket,
        key: bundle.key,
        source: expect.stringMatching(new RegExp(`^assets/.*/${bundle.sha256}/${bundle.sha256}\\.tar\\.gz$`)),
        source_hash: bundle.sha256,
        server_side_encryption: "aws:kms",
        lifecycle: { create_before_destroy: true },
      });
    }
    expect(stack.resource("aws_instance").depends_on).toContainEqual(
      expect.stringMatching(/^aws_s3_object\.dask_bundles_scheduler_/),
    );
  });

  test("has the expectation of the smoke test, in an object of its own", () => {
    expect(stack.resource("aws_s3_object", "expectation")).toMatchObject({
      bucket,
      key: "bundles/test.expectation.json",
      content: JSON.stringify(planNodes(define()).expectation),
      content_type: "application/json",
      server_side_encryption: "aws:kms",
      bucket_key_enabled: true,
    });
    // Another bundle would replace the scheduler.
    const pools = [{ name: "other", kind: "cpu", minSize: 1 }] as const;
    expect(planNodes(define({ pools })).expectation).not.toEqual(planNodes(define()).expectation);
    expect(schedulerNode(define({ pools })).bundle.sha256).toBe(schedulerNode(define()).bundle.sha256);
  });

  test("has the settings of the autoscaler, in an object that the scheduler's node reads at run time", () => {
    const { autoscaling } = define();
    if (autoscaling === undefined) throw new Error("the cluster has autoscaling");
    const object = stack.resource("aws_s3_object", "autoscaler");
    expect(JSON.parse(String(object.content))).toEqual({
      ...settingsOnAws(define(), autoscaling),
      alerts: expect.stringMatching(/^\$\{aws_sns_topic\.dask_alerts_\w+\.arn\}$/),
    });
    expect(object).toMatchObject({
      bucket,
      key: "bundles/test.autoscaler.json",
      content_type: "application/json",
      server_side_encryption: "aws:kms",
    });
  });

  test("has no settings of an autoscaler without autoscaling", () => {
    const keys = synthesize({ autoscaling: false })
      .resources("aws_s3_object")
      .map(({ key }) => key);
    expect(keys).toContain("bundles/test.expectation.json");
    expect(keys).not.toContain("bundles/test.autoscaler.json");
  });

  test("has a name of at most 63 characters for the longest cluster name", () => {
    const longest = define({ name: "a".repeat(32), region: "ap-southeast-2" });
    const name = artifactBucketName(longest).replace("ACCOUNT", "123456789012");
    expect(name).toMatch(/^dask-a{32}--a-[0-9a-f]{8}--123456789012$/);
    expect(name.length).toBeLessThanOrEqual(63);
  });
});

describe("an existing bucket", () => {
  const stack = synthesize({ artifactBucket: "company-artifacts" });

  test("gets only the bundles, and keeps its settings", () => {
    expect(Object.keys(stack.counts).filter((type) => type.startsWith("aws_s3"))).toEqual(["aws_s3_object"]);
    for (const object of stack.resources("aws_s3_object"))
      expect(object).toMatchObject({
        bucket: "company-artifacts",
        kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\./),
      });
  });

  test("is named in the roles of the nodes", () => {
    const { policy } = stack.resource("aws_iam_role_policy", "scheduler-role_read-bundle");
    expect(JSON.stringify(readPolicy(policy))).toContain("arn:PARTITION:s3:::company-artifacts/bundles/");
  });
});

test("the stack's directory contains the archives, so that a remote run uploads them", () => {
  const outdir = mkdtempSync(join(tmpdir(), "artifacts-"));
  try {
    const app = new App({ outdir });
    new AwsStack(app, "aws", { cluster: define({ backend: { type: "hcp", organization: "acme" } }) });
    app.synth();
    const directory = join(outdir, "stacks", "aws");
    const { resource } = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8"));
    const objects: { source?: string; source_hash?: string }[] = Object.values(resource.aws_s3_object);
    const bundles = objects.filter(({ source }) => source !== undefined);
    expect(bundles).toHaveLength(2);
    for (const { source = "", source_hash } of bundles)
      expect(
        createHash("sha256")
          .update(readFileSync(join(directory, source)))
          .digest("hex"),
      ).toBe(source_hash);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});
