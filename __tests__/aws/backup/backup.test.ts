import { AwsStack } from "../../../lib/aws/aws-stack";
import { BackupStack } from "../../../lib/aws/backup-stack";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { ValidationError } from "../../../lib/config/validation-error";
import { backupBucketName, backupKeyAlias } from "../../../lib/node/backup-bucket";
import { planNodes } from "../../../lib/node/plan";
import { Synthesized, testApp } from "../../support/synthesized";
import { readArn, readPolicy } from "../policies";

const define = (definition: Partial<ClusterDefinition> = {}) =>
  defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [{ name: "cpu", kind: "cpu" }],
    backup: {},
    ...definition,
  });
const backupStack = (definition: Partial<ClusterDefinition> = {}) =>
  new Synthesized(new BackupStack(testApp(), "test-backup", { cluster: define(definition) }));
const clusterStack = (definition: Partial<ClusterDefinition> = {}) =>
  new Synthesized(new AwsStack(testApp(), "test", { cluster: define(definition) }));
const statementsOf = (policy: unknown) => (readPolicy(policy) as { Statement: object[] }).Statement;
const KEY = "arn:aws:kms:us-west-2:123456789012:key/12345678-1234-4234-9234-12345678abcd";

describe("the stack of the backups", () => {
  const stack = backupStack();
  const bucket = expect.stringMatching(/^\$\{aws_s3_bucket\.backup_\w+\.bucket\}$/);
  const key = expect.stringMatching(/^\$\{aws_kms_key\.backup_key_\w+\.arn\}$/);

  test("has a bucket and a key that Terraform refuses to delete", () => {
    const { bucket: name, ...rest } = stack.resource("aws_s3_bucket");
    expect(readArn(name)).toBe("dask-test--backup--us-west-2--ACCOUNT");
    expect(rest).toEqual({ force_destroy: false, lifecycle: { prevent_destroy: true } });
    expect(stack.resource("aws_kms_key")).toMatchObject({
      enable_key_rotation: true,
      deletion_window_in_days: 30,
      lifecycle: { prevent_destroy: true },
    });
    expect(stack.resource("aws_kms_alias")).toMatchObject({ name: "alias/dask-test--backup" });
  });

  test("deletes both with forceDestroy", () => {
    const forced = backupStack({ backup: { forceDestroy: true } });
    const { bucket: _, ...rest } = forced.resource("aws_s3_bucket");
    expect(rest).toEqual({ force_destroy: true });
    expect(forced.resource("aws_kms_key")).not.toHaveProperty("lifecycle");
  });

  test("keeps versions, encrypts by the key, and rejects public access and requests without TLS", () => {
    expect(stack.resource("aws_s3_bucket_versioning")).toEqual({
      bucket,
      versioning_configuration: { status: "Enabled" },
    });
    expect(stack.resource("aws_s3_bucket_server_side_encryption_configuration")).toEqual({
      bucket,
      rule: [
        {
          apply_server_side_encryption_by_default: { sse_algorithm: "aws:kms", kms_master_key_id: key },
          bucket_key_enabled: true,
        },
      ],
    });
    expect(stack.resource("aws_s3_bucket_public_access_block")).toEqual({
      bucket,
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    expect(statementsOf(stack.resource("aws_s3_bucket_policy").policy)).toEqual([
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: { AWS: "*" },
        Action: "s3:*",
        Resource: ["BUCKET", "BUCKET/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]);
  });

  const rule = (prefix: string, noncurrent: number, days?: number) => ({
    id: prefix,
    status: "Enabled",
    filter: [{ prefix: `${prefix}/` }],
    ...(days === undefined ? {} : { expiration: [{ days }] }),
    noncurrent_version_expiration: [{ noncurrent_days: noncurrent }],
  });
  const uploads = {
    id: "uploads",
    status: "Enabled",
    filter: [{ prefix: "" }],
    abort_incomplete_multipart_upload: [{ days_after_initiation: 1 }],
  };

  test("keeps backups until a client deletes them, and old versions for 30 or 365 days", () => {
    expect(stack.resource("aws_s3_bucket_lifecycle_configuration").rule).toEqual([
      rule("index", 30),
      rule("datasets", 30),
      rule("configuration", 365),
      uploads,
    ]);
  });

  test("deletes backups after retentionDays, each index before its data", () => {
    const { rule: rules } = backupStack({ backup: { retentionDays: 90 } }).resource(
      "aws_s3_bucket_lifecycle_configuration",
    );
    expect(rules).toEqual([
      rule("index", 30, 90),
      rule("datasets", 30, 91),
      rule("configuration", 365),
      uploads,
    ]);
  });

  test("stores the definition and the bundle of each node", () => {
    const { scheduler, pools } = planNodes(define());
    expect(
      stack
        .resources("aws_s3_object")
        .map((object) => object.key)
        .sort(),
    ).toEqual([
      "configuration/cluster.json",
      "configuration/dask-test--cpu.tar.gz",
      "configuration/dask-test--scheduler.tar.gz",
    ]);
    expect(stack.resource("aws_s3_object", "definition")).toMatchObject({
      bucket,
      content: JSON.stringify(define(), null, 2),
      content_type: "application/json",
      server_side_encryption: "aws:kms",
      kms_key_id: key,
    });
    for (const node of [scheduler, ...pools.map((pool) => pool.node)])
      expect(stack.resource("aws_s3_object", node.name)).toMatchObject({ source_hash: node.bundle.sha256 });
  });

  test("prints the location, and needs no provider but that of AWS", () => {
    expect(stack.outputs.location).toEqual(
      expect.stringMatching(/^s3:\/\/\$\{aws_s3_bucket\.backup_\w+\.bucket\}$/),
    );
    expect(stack.terraform.required_providers).toEqual({
      aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" },
    });
  });

  test.each([
    [{ type: "local" }, { local: { path: expect.stringMatching(/\/terraform\.test--backup\.tfstate$/) } }],
    [{ type: "local", path: "/states/test" }, { local: { path: "/states/test--backup" } }],
    [
      { type: "s3", bucket: "states", key: "a.b/dask" },
      { s3: expect.objectContaining({ key: "a.b/dask--backup" }) },
    ],
    [
      { type: "s3", bucket: "states" },
      { s3: expect.objectContaining({ key: "cdktf-dask/test--backup.tfstate" }) },
    ],
  ] as const)("has a separate state: %j", (backend, expected) => {
    expect(backupStack({ backend }).terraform.backend).toEqual(expected);
  });

  test("has a separate workspace in HCP Terraform", () => {
    const backend = { type: "hcp", organization: "acme", workspace: "dask" } as const;
    expect(backupStack({ backend }).terraform.cloud).toMatchObject({ workspaces: { name: "dask--backup" } });
  });

  test.each([
    [undefined, "backup"],
    [{ bucket: "company-backups" }, "backup.bucket"],
  ])("rejects a definition with the backup %j", (backup, path) => {
    const { backup: _, ...rest } = define();
    const cluster = backup ? define({ backup }) : (rest as ReturnType<typeof define>);
    const build = () => new BackupStack(testApp(), "test-backup", { cluster });
    expect(build).toThrow(ValidationError);
    expect(build).toThrow(`${path}: got `);
  });
});

describe("the stack of the cluster", () => {
  const grantsOf = (stack: Synthesized) =>
    statementsOf(stack.resource("aws_iam_role_policy", "cpu_backup").policy);

  test("lets workers write and read partitions, but neither indexes nor listings", () => {
    const stack = clusterStack();
    expect(grantsOf(stack)).toEqual([
      {
        Effect: "Allow",
        Action: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
        Resource: "arn:PARTITION:s3:::dask-test--backup--us-west-2--ACCOUNT/datasets/*",
      },
      {
        Effect: "Allow",
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: expect.stringMatching(
          /^\$\{data\.aws_kms_alias\.cluster_backup_key_\w+\.target_key_arn\}$/,
        ),
        Condition: { StringEquals: { "kms:ViaService": "s3.us-west-2.SUFFIX" } },
      },
    ]);
    expect(stack.data("aws_kms_alias")).toEqual({ name: "alias/dask-test--backup" });
    expect(stack.names("aws_iam_role_policy").filter((name) => name.includes("backup"))).toHaveLength(1);
  });

  test("tags the scheduler with the location, and shows the command", () => {
    const stack = clusterStack();
    const { tags, root_block_device } = stack.resource("aws_instance") as {
      tags: Record<string, string>;
      root_block_device: { tags: Record<string, string> };
    };
    expect(readArn(tags["dask:backup"])).toBe("s3://dask-test--backup--us-west-2--ACCOUNT");
    expect(root_block_device.tags).not.toHaveProperty("dask:backup");
    expect(stack.outputs.backup).toBe("dask-cluster backup test --region us-west-2");
  });

  test("uses an existing bucket and its key as they are", () => {
    const stack = clusterStack({ backup: { bucket: "company-backups", kmsKey: KEY } });
    expect(grantsOf(stack)).toMatchObject([
      { Resource: "arn:PARTITION:s3:::company-backups/datasets/*" },
      { Resource: KEY },
    ]);
    const withoutKey = clusterStack({ backup: { bucket: "company-backups" } });
    expect(grantsOf(withoutKey)).toHaveLength(1);
    expect(withoutKey.resource("aws_instance").tags).toMatchObject({ "dask:backup": "s3://company-backups" });
  });

  test("has nothing of this without a backup in the definition", () => {
    const { backup: _, ...cluster } = define();
    const stack = new Synthesized(
      new AwsStack(testApp(), "test", { cluster: cluster as ReturnType<typeof define> }),
    );
    expect(stack.names("aws_iam_role_policy").filter((name) => name.includes("backup"))).toEqual([]);
    expect(stack.resource("aws_instance").tags).not.toHaveProperty("dask:backup");
    expect(stack.outputs).not.toHaveProperty("backup");
  });
});

test("names fit the limits of AWS for the longest cluster name", () => {
  const longest = define({ name: "a".repeat(32), region: "ap-southeast-2" });
  const name = (backupBucketName(longest) ?? "").replace("ACCOUNT", "123456789012");
  expect(name).toMatch(/^dask-a{32}--[a-z0-9-]+--123456789012$/);
  expect(name.length).toBeLessThanOrEqual(63);
  expect(backupKeyAlias(longest)).toBe(`alias/dask-${"a".repeat(32)}--backup`);
});
