import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { App } from "cdktf";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { componentDocument } from "../../lib/aws/image/component-document";
import { defineCluster } from "../../lib/config/define";
import { nodesOf } from "../node/specs";
import { allows, planAllows } from "../support/deploy-policy";
import { MockedCluster } from "../support/mock-aws/mocked-cluster";
import { MOCK_DEFECTS } from "../support/terraform/mock-defects";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

/** Both are in one app and on one mock, so that effects of one on the other are detected. */
const CLUSTERS = { development, production };
const NAMES = ["development", "production"] as const;
type Name = (typeof NAMES)[number];

/** Settings that no example environment has. */
const IMAGE = { amiId: "ami-0123456789abcdef0" };
const isolated = defineCluster({
  name: "isolated",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/16"], nat: "none", endpoints: true },
  tls: false,
  ssh: { keyName: "ops" },
  deletionProtection: true,
  scheduler: { image: IMAGE },
  pools: [{ name: "cpu", kind: "cpu", image: IMAGE }],
});

describeWithTerraform("the AWS stacks, by real Terraform on the mock AWS", () => {
  let bench: TerraformBench;
  let workspaces: Record<Name | "baked" | "isolated", Workspace>;
  const mocked = (name: Name) => new MockedCluster(bench.mockAws, CLUSTERS[name]);

  beforeAll(async () => {
    bench = await terraformBench("aws-stacks");
    const app = new App({ outdir: join(bench.scratch, "cdktf.out") });
    for (const name of NAMES) new AwsStack(app, name, { cluster: CLUSTERS[name] });
    new AwsStack(app, "baked", { cluster: baked });
    new AwsStack(app, "isolated", { cluster: isolated });
    app.synth();
    const workspace = (name: string) =>
      new Workspace(
        name,
        join(app.outdir, "stacks", name),
        join(bench.logs, `${name}.log`),
        PROVIDER_VERSIONS,
      );
    workspaces = {
      development: workspace("development"),
      production: workspace("production"),
      baked: workspace("baked"),
      isolated: workspace("isolated"),
    };
  }, 20 * MINUTE);

  afterAll(async () => bench?.close(), MINUTE);

  describe.each(NAMES)("%s", (name) => {
    test("requires the AWS provider from the version that is tested here", () => {
      const { aws } = workspaces[name].synthesized.terraform.required_providers;
      expect(aws).toEqual({ source: "hashicorp/aws", version: `>= ${PROVIDER_VERSIONS.aws}, < 7.0.0` });
    });

    test("is valid for the newer Terraform of the wheel", async () => {
      expect(bench.newer.version).toBe("1.15.5");
      expect(await workspaces[name].validate(bench.newer)).toMatchObject({ valid: true, diagnostics: [] });
    });

    test("is valid for the installed Terraform", async () => {
      expect(await workspaces[name].validate(bench.terraform)).toMatchObject({
        valid: true,
        diagnostics: [],
      });
    });

    test("is applied", async () => {
      await workspaces[name].apply(bench.terraform);
      const { resource } = workspaces[name].synthesized;
      const declared = Object.values(resource).flatMap((resources) => Object.keys(resources)).length;
      const there = await workspaces[name].resources(bench.terraform);
      expect(there.filter((address) => !address.startsWith("data."))).toHaveLength(declared);
    });

    test("has an empty second plan, except for known defects of the mock", async () => {
      const plan = await workspaces[name].plan(bench.terraform);
      expect(changes(plan)).toEqual([]);

      const { resource } = workspaces[name].synthesized;
      const read = plan.prior_state.values.root_module.resources;
      const gone = MOCK_DEFECTS.filter(
        (defect) =>
          !read.some(({ type, name, values }) => {
            const configuration = resource[type]?.[name];
            const affected =
              type === defect.type && configuration !== undefined && defect.affects(configuration);
            return affected && defect.isRead(values[defect.attribute]);
          }),
      );
      expect(gone.map(({ type, attribute }) => `${type}.${attribute}`)).toEqual([]);
    });

    test("ignores the tags that the scheduler sets", async () => {
      const tags = { "dask:state": "step conda failed with exit code 1: no space left on device" };
      mocked(name).tagScheduler(tags);
      const plan = await workspaces[name].plan(bench.terraform);
      expect(changes(plan)).toEqual([]);
      const read = plan.prior_state.values.root_module.resources;
      expect(read.find(({ type }) => type === "aws_instance")?.values.tags).toMatchObject(tags);
    });

    test("rolls every pool when the scheduler is replaced", async () => {
      const [scheduler = ""] = Object.keys(workspaces[name].synthesized.resource.aws_instance ?? {});
      const plan = await workspaces[name].plan(bench.terraform, `-replace=aws_instance.${scheduler}`);

      const touched = plan.resource_changes.filter(({ change }) => change.actions.join() !== "no-op");
      const groups = touched.filter(({ type }) => type === "aws_autoscaling_group");
      expect(groups.map(({ change }) => change.before?.name).sort()).toEqual(
        CLUSTERS[name].pools.map((pool) => `dask-${name}--${pool.name}`).sort(),
      );
      for (const { change } of groups) {
        expect(change.actions).toEqual(["update"]);
        const tags = change.after?.tag as { key: string }[];
        const unknown = change.after_unknown.tag as { value?: boolean }[];
        const renewed = tags.filter((_, index) => unknown[index]?.value === true).map(({ key }) => key);
        expect(renewed).toEqual(["dask:scheduler"]);
        expect(change.before?.instance_refresh).toMatchObject([
          { strategy: "Rolling", triggers: ["tag", "vpc_zone_identifier"] },
        ]);
      }
    });
  });

  describe("baked, for which the mock has no Image Builder", () => {
    test.each(["newer", "terraform"] as const)("is valid for the Terraform called %s", async (which) => {
      expect(await workspaces.baked.validate(bench[which])).toMatchObject({ valid: true, diagnostics: [] });
    });

    test("is planned with unchanged component documents, and nodes that use the images", async () => {
      const plan = await workspaces.baked.plan(bench.terraform);
      const of = (wanted: string) => plan.resource_changes.filter(({ type }) => type === wanted);

      const images = nodesOf(baked).map(({ imageContents }) => imageContents);
      expect(new Set(images.map(({ digest }) => digest)).size).toBe(3);
      const documents = images.map(componentDocument);
      expect(
        of("aws_imagebuilder_component")
          .map(({ change }) => change.after?.data)
          .sort(),
      ).toEqual(documents.sort());

      expect(of("aws_imagebuilder_image")).toHaveLength(3);
      const unknown = (type: string, attribute: string) =>
        of(type).map(({ change }) => change.after_unknown[attribute]);
      expect(unknown("aws_launch_template", "image_id")).toEqual([true, true]);
      expect(unknown("aws_instance", "ami")).toEqual([true]);
    });
  });

  describe("a cluster without TLS and NAT gateway", () => {
    test.each(["newer", "terraform"] as const)("is valid for the Terraform called %s", async (which) => {
      expect(await workspaces.isolated.validate(bench[which])).toMatchObject({
        valid: true,
        diagnostics: [],
      });
    });

    test("is planned with endpoints instead of NAT, and a scheduler with deletion protection", async () => {
      const plan = await workspaces.isolated.plan(bench.terraform);
      const of = (wanted: string) => plan.resource_changes.filter(({ type }) => type === wanted);
      const services = of("aws_vpc_endpoint").map(({ change }) =>
        String(change.after?.service_name).replace(/^com\.amazonaws\.[^.]+\./, ""),
      );
      expect(services.sort()).toEqual([
        "autoscaling",
        "ec2",
        "kms",
        "logs",
        "monitoring",
        "s3",
        "secretsmanager",
        "sns",
        "ssm",
        "ssmmessages",
      ]);
      for (const type of ["aws_nat_gateway", "aws_internet_gateway", "aws_secretsmanager_secret"])
        expect(of(type)).toEqual([]);
      expect(of("aws_instance").map(({ change }) => change.after)).toEqual([
        expect.objectContaining({ disable_api_termination: true, key_name: "ops" }),
      ]);
    });
  });

  describe("the resources in the mock", () => {
    const NODES = (name: Name) => [
      `dask-${name}--scheduler to dask-${name}--workers on 32768-40959`,
      `dask-${name}--scheduler to dask-${name}--workers on 8790`,
      `dask-${name}--scheduler to dask-${name}--workers on 9000-9063`,
      `dask-${name}--scheduler to dask-${name}--workers on 9100-9163`,
      `dask-${name}--workers to dask-${name}--scheduler on 8786`,
      `dask-${name}--workers to dask-${name}--workers on 9000-9063`,
    ];

    test.each([
      ["development", ["10.0.0.0/16"]],
      ["production", ["10.0.0.0/16", "192.168.10.0/24"]],
    ] as const)(
      "%s allows ingress from its admin subnets, and between its nodes by security group",
      (name, subnets) => {
        const administrators = subnets.flatMap((subnet) => [
          `${subnet} to dask-${name}--scheduler on 8786`,
          `${subnet} to dask-${name}--scheduler on 8787`,
        ]);
        expect(mocked(name).ingressRules()).toEqual([...administrators, ...NODES(name)].sort());
      },
    );

    test.each([
      ["development", "m7i.large", "10.20.0.10"],
      ["production", "m7i.xlarge", "10.30.0.10"],
    ] as const)("the scheduler of %s has its instance type, address and DNS name", (name, type, address) => {
      const scheduler = mocked(name).scheduler();
      expect(scheduler.InstanceType).toBe(type);
      expect(scheduler.PrivateIpAddress).toBe(address);
      expect(scheduler.NetworkInterfaces[0]?.Groups.map(({ GroupName }) => GroupName)).toEqual([
        `dask-${name}--scheduler`,
      ]);
      expect(mocked(name).addressesOf(`scheduler.${name}.internal`)).toEqual([address]);
    });

    test.each([
      ["development", "dask-development--cpu", 100],
      ["production", "dask-production--cpu", 100],
      ["production", "dask-production--gpu", 200],
    ] as const)(
      "the instances of %s in %s require IMDSv2 and have an encrypted disk",
      (name, pool, diskGiB) => {
        const template = mocked(name).launchTemplate(pool);
        expect(template.MetadataOptions).toMatchObject({
          HttpTokens: "required",
          HttpPutResponseHopLimit: 1,
        });
        expect(template.BlockDeviceMappings).toEqual([
          {
            DeviceName: "/dev/sda1",
            Ebs: expect.objectContaining({
              Encrypted: true,
              KmsKeyId: mocked(name).key().Arn,
              VolumeType: "gp3",
              VolumeSize: diskGiB,
            }),
          },
        ]);
      },
    );
  });

  describe.each(NAMES)("the data of %s in the mock", (name) => {
    test("has a dedicated key that is rotated", () => {
      expect(mocked(name).key()).toMatchObject({ Enabled: true, KeyRotationEnabled: true });
    });

    test("has secrets with that key, without values of Terraform", () => {
      const { Arn } = mocked(name).key();
      expect(mocked(name).secrets()).toEqual(
        ["authority", "client", "dashboard", "worker"].map((secret) =>
          expect.objectContaining({ Name: `/dask/${name}/${secret}`, KmsKeyId: Arn }),
        ),
      );
      for (const { SecretVersionsToStages = {} } of mocked(name).secrets())
        expect(SecretVersionsToStages).toEqual({});
    });

    test("keeps the values that its scheduler puts into secrets, and has none of them in Terraform's state", async () => {
      const names = mocked(name)
        .secrets()
        .map(({ Name }) => Name);
      const kept = names.map((secret) => ({ secret, text: `${secret}: ${randomUUID()}` }));
      for (const { secret, text } of kept) mocked(name).fillSecret(secret, text);
      await workspaces[name].apply(bench.terraform);

      const state = workspaces[name].state();
      for (const { secret, text } of kept) {
        expect(state).toContain(`"name": "${secret}"`);
        expect(state).not.toContain(text);
      }
      expect(state).not.toContain("PRIVATE KEY");
      for (const { secret, text } of kept) expect(mocked(name).secretText(secret)).toBe(text);
    });

    test("logs all traffic of its network, with that key and a retention of one year", () => {
      const [vpc] = mocked(name).billed().vpcs;
      expect(mocked(name).flowLogs()).toEqual([
        expect.objectContaining({
          ResourceId: vpc,
          TrafficType: "ALL",
          LogDestinationType: "cloud-watch-logs",
        }),
      ]);
      expect(mocked(name).logGroups()).toEqual(
        ["flow-logs", "nodes"].map((group) =>
          expect.objectContaining({
            logGroupName: `/dask/${name}/${group}`,
            kmsKeyId: mocked(name).key().Arn,
            retentionInDays: 365,
          }),
        ),
      );
    });

    test("has the bundle of each node in its bucket, encrypted with that key", () => {
      const { Arn } = mocked(name).key();
      const Bucket = `dask-${name}--eu-central-1--123456789012`;
      for (const { bundle } of nodesOf(CLUSTERS[name])) {
        expect(mocked(name).object(Bucket, bundle.key)).toMatchObject({
          ETag: `"${createHash("md5").update(bundle.archive).digest("hex")}"`,
          ServerSideEncryption: "aws:kms",
          SSEKMSKeyId: Arn,
        });
      }
    });
  });

  describe("two environments side by side", () => {
    test("destroying development leaves nothing of it, and does not change production", async () => {
      const before = mocked("production").billed();
      expect(before.groups).toEqual(["dask-production--cpu", "dask-production--gpu"]);
      // Two CPU nodes, one GPU node and the scheduler; a NAT gateway in each zone.
      expect(before.instances).toHaveLength(4);
      expect(before.vpcs).toHaveLength(1);
      expect(before.natGateways).toHaveLength(2);
      expect(before.addresses).toHaveLength(2);
      expect(before.secrets).toHaveLength(4);
      expect(before.keys).toEqual(["alias/dask-production"]);
      expect(before.logGroups).toEqual(["/dask/production/flow-logs", "/dask/production/nodes"]);
      expect(before.buckets).toEqual(["dask-production--eu-central-1--123456789012"]);

      await workspaces.development.destroy(bench.terraform);

      expect(await workspaces.development.resources(bench.terraform)).toEqual([]);
      expect(mocked("development").billed()).toEqual(NOTHING);
      expect(mocked("production").billed()).toEqual(before);
      expect(changes(await workspaces.production.plan(bench.terraform))).toEqual([]);
    });

    test("destroying production leaves nothing", async () => {
      await workspaces.production.destroy(bench.terraform);

      expect(await workspaces.production.resources(bench.terraform)).toEqual([]);
      expect(mocked("production").billed()).toEqual(NOTHING);
    });
  });

  // Last, when every plan, apply and destroy has been recorded.
  describe("the policies of the identity that deploys", () => {
    test("allow every action that Terraform called", () => {
      const called = bench.mockAws.actionsOfTerraform();
      expect(called).toEqual(expect.arrayContaining(["ec2:RunInstances", "iam:DeleteRole", "kms:CreateKey"]));
      expect(called.filter((action) => !allows(action))).toEqual([]);
    });

    test("for plans allow every action that Terraform called to plan", () => {
      const called = bench.mockAws.actionsOfPlans();
      expect(called).toEqual(
        expect.arrayContaining(["ec2:DescribeInstances", "kms:DescribeKey", "s3:GetBucketPolicy"]),
      );
      expect(called.filter((action) => !planAllows(action))).toEqual([]);
    });
  });
});

const NOTHING = {
  ...{ instances: [], groups: [], vpcs: [], natGateways: [], addresses: [] },
  ...{ secrets: [], keys: [], logGroups: [], buckets: [] },
};
