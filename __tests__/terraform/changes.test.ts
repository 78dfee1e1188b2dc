import { join } from "node:path";
import { App } from "cdktf";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { allows } from "../support/deploy-policy";
import { MockedCluster } from "../support/mock-aws/mocked-cluster";
import {
  changed,
  movedScheduler,
  newScheduler,
  orderIn,
  pool,
  sorted,
  withZones,
  zone,
} from "../support/terraform/expected";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

/** The example environments, `development` with a second pool, so that it can lose its first. */
const [cpu] = development.pools;
if (cpu === undefined) throw new Error("the environment development has lost its pool");
const CLUSTERS = {
  development: { ...development, pools: [cpu, { ...cpu, name: "more" }] },
  production,
};
const NAMES = ["development", "production"] as const;
type Name = (typeof NAMES)[number];

/** What a failed bootstrap reports. */
const FAILURE = "step conda failed with exit code 1: no space left on device";

describeWithTerraform("a definition that changes, by real Terraform on the mock AWS", () => {
  let bench: TerraformBench;
  const workspaces = {} as Record<Name, Workspace>;

  /** The workspace of a stack, as a definition has it now; its state stays. */
  const define = (name: string, cluster: ResolvedCluster): Workspace => {
    const app = new App({ outdir: join(bench.scratch, "cdktf.out") });
    new AwsStack(app, name, { cluster });
    app.synth();
    const log = join(bench.logs, `${name}.log`);
    return new Workspace(name, join(app.outdir, "stacks", name), log, PROVIDER_VERSIONS);
  };
  /** The plan for another definition. Nothing but the definition has changed since the last deployment. */
  const plan = (name: Name, cluster: ResolvedCluster) => {
    workspaces[name] = define(name, cluster);
    return workspaces[name].plan(bench.terraform, "-refresh=false");
  };
  const mocked = (name: Name) => new MockedCluster(bench.mockAws, CLUSTERS[name]);

  beforeAll(async () => {
    bench = await terraformBench("changes");
    for (const name of NAMES) {
      workspaces[name] = define(name, CLUSTERS[name]);
      await workspaces[name].init(bench.terraform);
    }
  }, 20 * MINUTE);

  afterAll(async () => bench?.close(), MINUTE);

  describe("a first deployment", () => {
    let output: string;

    beforeAll(async () => {
      mocked("development").signalFailure(FAILURE);
      [output] = await Promise.all([
        workspaces.development.failToApply(bench.terraform),
        workspaces.production.apply(bench.terraform),
      ]);
    }, 8 * MINUTE);

    test("fails with the message of the scheduler that failed", () => {
      expect(output.replaceAll(/\s*\n[│ ]*/g, " ")).toContain(
        `WaitCondition received failed message: '${FAILURE}' for uniqueId`,
      );
    });

    test("then has the scheduler for inspection, and no pool", () => {
      const { instances, groups } = mocked("development").billed();
      expect(instances).toEqual([mocked("development").scheduler().InstanceId]);
      expect(groups).toEqual([]);
    });

    test("succeeds when it is repeated and the scheduler is ready", async () => {
      mocked("development").signalFailure();
      await workspaces.development.apply(bench.terraform);
      expect(mocked("development").billed().groups).toEqual([
        "dask-development--cpu",
        "dask-development--more",
      ]);
      expect(changes(await workspaces.development.plan(bench.terraform))).toEqual([]);
    });

    test("gives the scheduler the URL of the stack that waits for it", () => {
      for (const name of NAMES)
        expect(mocked(name).parameter(`/dask/${name}/scheduler-signal`)).toMatch(
          /^https:\/\/cloudformation-waitcondition-eu-central-1\.s3\./,
        );
    });
  });

  describe("the deployment of one component, which is a deployment of the whole definition", () => {
    test("changes a changed pool and nothing else", async () => {
      const [first, ...others] = production.pools;
      if (first === undefined) throw new Error("the environment production has lost its first pool");
      const planned = await plan("production", {
        ...production,
        pools: [{ ...first, diskGiB: 300 }, ...others],
      });
      expect(changed(planned)).toEqual([
        `update aws_autoscaling_group.cluster_pools_${first.name}`,
        `update aws_launch_template.cluster_pools_${first.name}_template`,
      ]);
    });

    test("replaces a changed scheduler, rolls the pools, and changes nothing else", async () => {
      const scheduler = { ...production.scheduler, image: { amiId: "ami-0123456789abcdef0" } };
      expect(changed(await plan("production", { ...production, scheduler }))).toEqual(
        sorted(...newScheduler(["cpu", "gpu"]), "replace null_resource.cluster_scheduler_image"),
      );
    });
  });

  // Tasks go to the first pool that can run them.
  test.each(NAMES)(
    "%s changes only the settings of the autoscaler when its pools are reordered",
    async (name) => {
      const { pools } = CLUSTERS[name];
      expect(changed(await plan(name, { ...CLUSTERS[name], pools: [...pools].reverse() }))).toEqual([
        "update aws_s3_object.cluster_autoscaler",
      ]);
    },
  );

  test.each(NAMES)("%s does not change when its zones are reordered", async (name) => {
    expect(changes(await plan(name, withZones(CLUSTERS[name], "ba")))).toEqual([]);
  });

  test.each(NAMES)("%s moves its scheduler when the definition names another zone for it", async (name) => {
    const pools = CLUSTERS[name].pools.map((pool) => pool.name);
    expect(changed(await plan(name, withZones(CLUSTERS[name], "ab", "b")))).toEqual(
      sorted(...movedScheduler(pools)),
    );
  });

  test("nothing else changes when zones are reordered and one is appended", async () => {
    await Promise.all(
      NAMES.map(async (name) => {
        const before = mocked(name).scheduler().InstanceId;
        expect(changed(await plan(name, withZones(CLUSTERS[name], "cba")))).toEqual(
          sorted(
            ...CLUSTERS[name].pools.map((pool) => `update aws_autoscaling_group.cluster_pools_${pool.name}`),
            ...zone("create", "c", CLUSTERS[name]),
            "update aws_vpc_endpoint.cluster_network_s3",
          ),
        );
        await workspaces[name].apply(bench.terraform);
        expect(mocked(name).scheduler().InstanceId).toBe(before);
      }),
    );
  });

  test("other zones and pools do not change when a zone and the first pool are removed", async () => {
    await Promise.all(
      NAMES.map(async (name) => {
        const before = mocked(name).scheduler().InstanceId;
        const [first, ...rest] = CLUSTERS[name].pools;
        if (first === undefined) throw new Error(`the environment ${name} has no pool`);
        const others = rest.map((pool) => pool.name);
        const smaller = { ...withZones(CLUSTERS[name], "ca"), pools: rest };
        expect(changed(await plan(name, smaller))).toEqual(
          sorted(
            ...others.map((pool) => `update aws_autoscaling_group.cluster_pools_${pool}`),
            ...zone("delete", "b", CLUSTERS[name]),
            ...pool("delete", first),
            "update aws_cloudwatch_dashboard.cluster_cloudwatch_dashboard",
            "update aws_iam_role_policy.cluster_scheduler-role_publish-heartbeat",
            "update aws_iam_role_policy.cluster_scheduler-role_scale-pools",
            "update aws_s3_object.cluster_autoscaler",
            "update aws_s3_object.cluster_expectation",
            "update aws_vpc_endpoint.cluster_network_s3",
          ),
        );
        const output = await workspaces[name].apply(bench.terraform);
        expect(orderIn(output, `cluster_pools_${others[0]}_\\w+: Modifications complete`)).toBeLessThan(
          orderIn(output, "eu-central-1b_private-subnet_\\w+: Destroying"),
        );
        expect(mocked(name).scheduler().InstanceId).toBe(before);
        expect(changes(await workspaces[name].plan(bench.terraform))).toEqual([]);
      }),
    );
  });

  describe("baked, which is planned only", () => {
    const [one] = baked.pools;
    if (one === undefined) throw new Error("the environment baked has lost its first pool");
    const twin = { ...one, name: "twin", instanceTypes: ["m7i.8xlarge"] };
    const images = async (...pools: ResolvedCluster["pools"]) => {
      const workspace = define("baked", { ...baked, pools });
      await workspace.init(bench.terraform);
      const { resource_changes } = await workspace.plan(bench.terraform);
      return resource_changes
        .filter(({ type }) => type.startsWith("aws_imagebuilder_"))
        .map(({ address, change }) => ({ address, name: change.after?.name }));
    };

    test("builds the same images when its pools are reordered, or one of two pools with the same image is removed", async () => {
      const shared = await images(one, twin);
      expect(shared.filter(({ address }) => address.startsWith("aws_imagebuilder_image."))).toHaveLength(2);
      expect(await images(twin, one)).toEqual(shared);
      expect(await images(twin)).toEqual(shared);
    });
  });

  // Last, when every change has been recorded.
  test("the policies of the identity that deploys allow every action that Terraform called", () => {
    const called = bench.mockAws.actionsOfTerraform();
    expect(called).toEqual(
      expect.arrayContaining(["autoscaling:UpdateAutoScalingGroup", "cloudformation:CreateStack"]),
    );
    expect(called.filter((action) => !allows(action))).toEqual([]);
  });
});
