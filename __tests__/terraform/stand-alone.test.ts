import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { BackupStack } from "../../lib/aws/backup-stack";
import { defineCluster } from "../../lib/config/define";
import { packageRoot } from "../../lib/node/package-file";
import { planAllows } from "../support/deploy-policy";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

const REGION = "eu-central-1";
const STATES = "company-state";
const COMMON = {
  region: REGION,
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [{ name: "cpu", kind: "cpu" }],
} as const;
const moved = defineCluster({ ...COMMON, name: "moved", backend: { type: "s3", bucket: STATES } });
const kept = defineCluster({ ...COMMON, name: "kept", backup: { forceDestroy: true } });

/** Stack id, the option of `terraform init` for its backend, and the number of assets. */
const STACKS = [
  ["moved", [], 2],
  // The path in the stack is relative to the checkout.
  ["kept-backup", ["-backend-config=path=terraform.tfstate"], 2],
] as const;

describeWithTerraform("the folder of a stack, copied to another place without the project", () => {
  let bench: TerraformBench;
  let elsewhere: string;
  const folder = (id: string) => join(elsewhere, id);
  const workspaces = new Map<string, Workspace>();
  const workspace = (id: string): Workspace => {
    const existing = workspaces.get(id);
    if (existing === undefined) throw new Error(`no workspace of the stack ${id}`);
    return existing;
  };

  beforeAll(async () => {
    bench = await terraformBench("stand-alone");
    const outdir = join(bench.scratch, "cdktf.out");
    const app = new App({ outdir });
    new AwsStack(app, "moved", { cluster: moved });
    new BackupStack(app, "kept-backup", { cluster: kept });
    app.synth();
    elsewhere = mkdtempSync(join(tmpdir(), "stand-alone-"));
    for (const [id] of STACKS) {
      cpSync(join(outdir, "stacks", id), folder(id), { recursive: true });
      const log = join(bench.logs, `${id}.log`);
      workspaces.set(id, new Workspace(id, folder(id), log, PROVIDER_VERSIONS, "kept"));
    }
    // Terraform must not find what it did not copy.
    rmSync(outdir, { recursive: true });
    bench.mockAws.call(REGION, "s3", "create_bucket", {
      Bucket: STATES,
      CreateBucketConfiguration: { LocationConstraint: REGION },
    });
  }, 20 * MINUTE);

  afterAll(async () => {
    await bench?.close();
    if (elsewhere !== undefined) rmSync(elsewhere, { recursive: true, force: true });
  }, MINUTE);

  describe.each(STACKS)("%s", (id, backend, assets) => {
    test("has its assets, and no path of the computer that synthesized it", () => {
      const text = readFileSync(join(folder(id), "cdk.tf.json"), "utf8");
      expect(text).not.toContain(packageRoot());
      const sources = [...text.matchAll(/"source": "(assets\/[^"]+)"/g)].map(([, path]) => String(path));
      expect(sources).toHaveLength(assets);
      expect(sources.filter((path) => !existsSync(join(folder(id), path)))).toEqual([]);
    });

    test("is initialized with exactly the providers of its lock file, from a mirror", async () => {
      await workspace(id).lockProviders(bench.terraform, bench.mirrors);
      const lock = readFileSync(join(folder(id), ".terraform.lock.hcl"), "utf8");
      expect(lock).toContain('provider "registry.terraform.io/hashicorp/aws"');
      await workspace(id).init(bench.terraform, "-lockfile=readonly", ...backend);
      expect(readFileSync(join(folder(id), ".terraform.lock.hcl"), "utf8")).toBe(lock);
    });

    test("is applied from a saved plan, and has an empty second plan", async () => {
      const first = await workspace(id).plan(bench.terraform, "-lock=false");
      expect(changes(first).length).toBeGreaterThan(assets);
      await workspace(id).apply(bench.terraform, "plan.bin");
      expect(changes(await workspace(id).plan(bench.terraform, "-lock=false"))).toEqual([]);
    });
  });

  test("the states are in S3, without a lock, and next to the copied folder", () => {
    const { Contents } = bench.mockAws.call<{ Contents: { Key: string }[] }>(
      REGION,
      "s3",
      "list_objects_v2",
      {
        Bucket: STATES,
      },
    );
    expect(Contents.map(({ Key }) => Key)).toEqual(["cdktf-dask/moved.tfstate"]);
    expect(existsSync(join(folder("moved"), "terraform.tfstate"))).toBe(false);
    expect(existsSync(join(folder("kept-backup"), "terraform.tfstate"))).toBe(true);
  });

  test("a plan without a lock writes nothing: all that it calls is in the policy for plans", () => {
    const called = bench.mockAws.actionsOfPlans();
    expect(called).toEqual(expect.arrayContaining(["s3:GetObject", "s3:ListBucket"]));
    expect(called.filter((action) => !planAllows(action))).toEqual([]);
  });

  test.each(STACKS)("%s is destroyed", async (id) => {
    await workspace(id).destroy(bench.terraform);
    expect(await workspace(id).resources(bench.terraform)).toEqual([]);
  });
});
