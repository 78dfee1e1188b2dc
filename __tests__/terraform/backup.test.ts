import { join } from "node:path";
import { App } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { BackupStack } from "../../lib/aws/backup-stack";
import { defineCluster } from "../../lib/config/define";
import type { BackupDefinition } from "../../lib/config/definition";
import { allows, planAllows } from "../support/deploy-policy";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

const REGION = "eu-central-1";
const BUCKET = "dask-kept--backup--eu-central-1--123456789012";
const define = (backup: BackupDefinition, instanceType = "m7i.xlarge") =>
  defineCluster({
    name: "kept",
    region: REGION,
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [{ name: "cpu", kind: "cpu", instanceTypes: [instanceType] }],
    backup,
  });

describeWithTerraform("the stack of backups, by real Terraform on the mock AWS", () => {
  let bench: TerraformBench;
  let cluster: Workspace;

  /** The workspaces of both stacks, as a definition has them now; their states stay. */
  const synthesize = (backup: BackupDefinition, instanceType?: string) => {
    const app = new App({ outdir: join(bench.scratch, "cdktf.out") });
    const definition = define(backup, instanceType);
    new BackupStack(app, "kept-backup", { cluster: definition });
    new AwsStack(app, "kept", { cluster: definition });
    app.synth();
    return ["kept-backup", "kept"].map(
      (name) =>
        new Workspace(
          name,
          join(app.outdir, "stacks", name),
          join(bench.logs, `${name}.log`),
          PROVIDER_VERSIONS,
        ),
    ) as [Workspace, Workspace];
  };
  let backup: Workspace;
  const objects = (operation = "list_objects_v2") =>
    bench.mockAws.call<{ Contents?: { Key: string }[]; Versions?: { Key: string }[] }>(
      REGION,
      "s3",
      operation,
      { Bucket: BUCKET },
    );

  beforeAll(async () => {
    bench = await terraformBench("backup");
    [backup, cluster] = synthesize({ retentionDays: 30 });
    for (const workspace of [backup, cluster]) await workspace.init(bench.terraform);
  }, 20 * MINUTE);

  afterAll(async () => bench?.close(), MINUTE);

  test("is valid", async () => {
    expect(await backup.validate(bench.terraform)).toMatchObject({ valid: true, diagnostics: [] });
  });

  test("has to be deployed before the cluster", async () => {
    await expect(cluster.plan(bench.terraform)).rejects.toThrow("KMS Alias (alias/dask-kept--backup)");
  });

  test("is applied with the configuration, and has an empty second plan", async () => {
    await backup.apply(bench.terraform);
    expect(objects().Contents?.map(({ Key }) => Key)).toEqual([
      "configuration/cluster.json",
      "configuration/dask-kept--cpu.tar.gz",
      "configuration/dask-kept--scheduler.tar.gz",
    ]);
    expect(changes(await backup.plan(bench.terraform))).toEqual([]);
  });

  test("gives the cluster its key", async () => {
    const plan = await cluster.plan(bench.terraform);
    const [policy] = plan.resource_changes.filter(
      ({ type, change }) => type === "aws_iam_role_policy" && change.after?.name === "backup",
    );
    const { Statement } = JSON.parse(String(policy?.change.after?.policy));
    expect(Statement[0].Resource).toBe(`arn:aws:s3:::${BUCKET}/datasets/*`);
    expect(Statement[1].Resource).toMatch(/^arn:aws:kms:eu-central-1:123456789012:key\/[0-9a-f-]{36}$/);
  });

  test("keeps the configuration of earlier deployments as versions", async () => {
    [backup, cluster] = synthesize({ retentionDays: 30 }, "m7i.2xlarge");
    await backup.apply(bench.terraform);
    const versions = objects("list_object_versions").Versions?.map(({ Key }) => Key) ?? [];
    expect(versions.filter((key) => key === "configuration/cluster.json")).toHaveLength(2);
  });

  test("is not destroyed", async () => {
    await expect(backup.destroy(bench.terraform)).rejects.toThrow("Instance cannot be destroyed");
    expect(objects().Contents).toHaveLength(3);
  });

  test("is destroyed with forceDestroy, with all that the bucket has", async () => {
    [backup] = synthesize({ forceDestroy: true });
    await backup.apply(bench.terraform);
    bench.mockAws.call(REGION, "s3", "put_object", { Bucket: BUCKET, Key: "datasets/a/0-0.pickle" });
    await backup.destroy(bench.terraform);
    expect(await backup.resources(bench.terraform)).toEqual([]);
    const { Buckets } = bench.mockAws.call<{ Buckets: unknown[] }>(REGION, "s3", "list_buckets");
    expect(Buckets).toEqual([]);
  });

  test("needs no more permissions than the policies of the identity that deploys have", () => {
    const called = bench.mockAws.actionsOfTerraform();
    expect(called).toEqual(expect.arrayContaining(["s3:CreateBucket", "s3:PutObject", "kms:CreateKey"]));
    expect(called.filter((action) => !allows(action))).toEqual([]);
  });

  test("needs no more permissions for a plan than the policy for plans has", () => {
    const called = bench.mockAws.actionsOfPlans();
    expect(called).toEqual(expect.arrayContaining(["kms:DescribeKey", "kms:ListAliases", "s3:GetObject"]));
    expect(called.filter((action) => !planAllows(action))).toEqual([]);
  });
});
