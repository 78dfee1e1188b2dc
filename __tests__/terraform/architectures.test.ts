import { join } from "node:path";
import { App } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/config/define";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { MockedCluster } from "../support/mock-aws/mocked-cluster";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

/** The definition of docs/graviton.md. */
const DEFINITION = {
  name: "mixed",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  scheduler: { instanceType: "m7g.large" },
  pools: [
    { name: "cpu", kind: "cpu", instanceTypes: ["m8g.2xlarge", "m7g.2xlarge"] },
    { name: "gpu", kind: "gpu" },
  ],
} as const;
const cluster = defineCluster(DEFINITION);
const schedulerOnX86 = defineCluster({ ...DEFINITION, scheduler: { instanceType: "m7i.large" } });

const UBUNTU =
  "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id";
const DEEP_LEARNING =
  "resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id";

describeWithTerraform("a cluster with two architectures, by real Terraform on the mock AWS", () => {
  let bench: TerraformBench;
  let workspace: Workspace;
  let mocked: MockedCluster;

  /** The workspace of the stack, as a definition has it now; its state stays. */
  const define = (definition: ResolvedCluster): Workspace => {
    const app = new App({ outdir: join(bench.scratch, "cdktf.out") });
    new AwsStack(app, cluster.name, { cluster: definition });
    app.synth();
    const folder = join(app.outdir, "stacks", cluster.name);
    return new Workspace(cluster.name, folder, join(bench.logs, "mixed.log"), PROVIDER_VERSIONS);
  };

  beforeAll(async () => {
    bench = await terraformBench("architectures");
    workspace = define(cluster);
    mocked = new MockedCluster(bench.mockAws, cluster);
  }, 20 * MINUTE);

  afterAll(async () => bench?.close(), MINUTE);

  test.each(["newer", "terraform"] as const)("is valid for the Terraform called %s", async (which) => {
    expect(await workspace.validate(bench[which])).toMatchObject({ valid: true, diagnostics: [] });
  });

  test("is planned with a launch template for each architecture, and the instance types of its pool", async () => {
    const plan = await workspace.plan(bench.terraform);
    const after = (wanted: string) =>
      plan.resource_changes.filter(({ type }) => type === wanted).map(({ change }) => change.after);
    expect(after("aws_launch_template").map((template) => [template?.name, template?.image_id])).toEqual([
      ["dask-mixed--cpu", UBUNTU],
      ["dask-mixed--gpu", DEEP_LEARNING],
    ]);
    const [cpu] = after("aws_autoscaling_group").filter((group) => group?.name === "dask-mixed--cpu");
    expect(cpu?.mixed_instances_policy).toMatchObject([
      {
        launch_template: [{ override: [{ instance_type: "m8g.2xlarge" }, { instance_type: "m7g.2xlarge" }] }],
      },
    ]);
  });

  test("is applied, and has an empty second plan", async () => {
    await workspace.apply(bench.terraform);
    expect(changes(await workspace.plan(bench.terraform))).toEqual([]);
  });

  test("has a scheduler for arm64, from an AMI for arm64", () => {
    const { InstanceType, ImageId } = mocked.scheduler();
    expect(InstanceType).toBe("m7g.large");
    expect(mocked.architectureOf(ImageId)).toBe("arm64");
  });

  test("has launch templates by which EC2 finds the AMI of the architecture", () => {
    expect(mocked.launchTemplate("dask-mixed--cpu").ImageId).toBe(UBUNTU);
    expect(mocked.launchTemplate("dask-mixed--gpu").ImageId).toBe(DEEP_LEARNING);
  });

  test("replaces the scheduler when its architecture changes", async () => {
    const plan = await define(schedulerOnX86).plan(bench.terraform, "-refresh=false");
    const instances = plan.resource_changes.filter(({ type }) => type === "aws_instance");
    expect(instances.map(({ change }) => [change.actions, change.after?.instance_type])).toEqual([
      [["delete", "create"], "m7i.large"],
    ]);
  });

  test("is destroyed", async () => {
    await workspace.destroy(bench.terraform);
    expect(await workspace.resources(bench.terraform)).toEqual([]);
    expect(mocked.billed()).toMatchObject({ instances: [], groups: [], vpcs: [] });
  });
});
