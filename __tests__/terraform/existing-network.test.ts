import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { App, TerraformStack } from "cdktf";
import { DaskCluster } from "../../lib/aws/dask-cluster";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition, ExistingNetworkDefinition } from "../../lib/config/definition";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { allows, planAllows } from "../support/deploy-policy";
import { MockedCluster } from "../support/mock-aws/mocked-cluster";
import { OwnedNetwork } from "../support/mock-aws/owned-network";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, type Plan, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

const REGION = "eu-central-1";
const ADMINS = { adminSubnets: ["10.0.0.0/16"] };
/** An image that moto has. */
const IMAGE = { amiId: "ami-785db401" };
const OTHER_ACCOUNT = "999999999999";
const NAMES = ["one", "many", "shared", "nameless", "zones"] as const;
type Name = (typeof NAMES)[number];

/** Definition of a small cluster: a pool of one node, whose image needs no parameter. */
const definition = (name: string, rest: Pick<ClusterDefinition, "network"> & Partial<ClusterDefinition>) =>
  defineCluster({
    name,
    region: REGION,
    tls: name === "many",
    pools: [{ name: "cpu", kind: "cpu", image: IMAGE }],
    ...rest,
    scheduler: { image: IMAGE, ...rest.scheduler },
  });

/** All clusters are in one stack, for one apply. */
describeWithTerraform("existing networks and zones of pools, by real Terraform on the mock AWS", () => {
  let bench: TerraformBench;
  let owned: OwnedNetwork;
  let ids: Record<"a" | "b" | "b2" | "c" | "tiny" | "foreign" | "shared", string>;
  let clusters: Readonly<Record<Name, ResolvedCluster>>;
  let workspace: Workspace;
  let second: Plan;

  const stackOf = (name: string, clusters: Readonly<Record<string, ResolvedCluster>>) => {
    const app = new App({ outdir: join(bench.scratch, "cdktf.out") });
    const stack = new TerraformStack(app, name);
    new AwsProvider(stack, "aws", { region: REGION });
    new NullProvider(stack, "null");
    for (const [id, cluster] of Object.entries(clusters)) new DaskCluster(stack, id, { cluster });
    app.synth();
    const log = join(bench.logs, `${name}.log`);
    return { log, workspace: new Workspace(name, join(app.outdir, "stacks", name), log, PROVIDER_VERSIONS) };
  };

  beforeAll(async () => {
    bench = await terraformBench("existing-network");
    const { mockAws } = bench;
    owned = OwnedNetwork.create(mockAws, REGION, "10.60.0.0/16");
    const elsewhere = OwnedNetwork.create(mockAws, REGION, "10.61.0.0/16", false);
    ids = {
      a: owned.subnet("a", "10.60.1.0/24"),
      b: owned.subnet("b", "10.60.2.0/24"),
      b2: owned.subnet("b", "10.60.3.0/24"),
      c: owned.subnet("c", "10.60.4.0/24"),
      tiny: owned.subnet("a", "10.60.5.0/28"),
      shared: owned.subnet("a", "10.60.6.0/24", OTHER_ACCOUNT),
      foreign: elsewhere.subnet("a", "10.61.1.0/24"),
    };
    const { vpcId } = owned;
    const zone = { id: owned.hostedZone("dask.example.internal"), name: "dask.example.internal" };
    clusters = {
      one: definition("one", { network: { ...ADMINS, vpcId, privateSubnetIds: [ids.a] } }),
      many: definition("many", {
        network: {
          ...ADMINS,
          vpcId,
          privateSubnetIds: [ids.a, ids.b, ids.b2],
          schedulerAddress: "10.60.2.10",
        },
        scheduler: { subnetId: ids.b },
        pools: [
          { name: "all", kind: "cpu", image: IMAGE },
          { name: "some", kind: "cpu", image: IMAGE, subnetIds: [ids.b2] },
          { name: "others", kind: "cpu", image: IMAGE, subnetIds: [ids.a, ids.c] },
        ],
      }),
      shared: definition("shared", {
        network: { ...ADMINS, vpcId, privateSubnetIds: [ids.shared], hostedZone: zone },
      }),
      nameless: definition("nameless", {
        network: {
          ...{ ...ADMINS, vpcId, privateSubnetIds: [ids.shared] },
          ...{ hostedZone: false, schedulerAddress: "10.60.6.20", internetAccess: false },
        },
      }),
      zones: definition("zones", {
        network: { ...ADMINS, zones: ["a", "b"].map((letter) => `${REGION}${letter}`) },
        pools: [
          { name: "all", kind: "cpu", image: IMAGE },
          { name: "one", kind: "cpu", image: IMAGE, zones: [`${REGION}b`] },
        ],
      }),
    };
    ({ workspace } = stackOf("networks", clusters));
  }, 20 * MINUTE);

  afterAll(async () => bench?.close(), MINUTE);

  describe("definitions that do not fit the network", () => {
    let output: string;

    beforeAll(async () => {
      const broken = (name: string, network: Partial<ExistingNetworkDefinition>, desiredSize = 1) =>
        definition(name, {
          network: { ...ADMINS, vpcId: owned.vpcId, privateSubnetIds: [ids.a], ...network },
          pools: [{ name: "cpu", kind: "cpu", image: IMAGE, desiredSize }],
        });
      const { vpcId } = OwnedNetwork.create(bench.mockAws, REGION, "10.62.0.0/16", false);
      const { log, workspace } = stackOf("broken", {
        foreign: broken("foreign", { privateSubnetIds: [ids.a, ids.foreign] }),
        outside: broken("outside", { schedulerAddress: "10.60.2.10" }),
        first: broken("first", { schedulerAddress: "10.60.1.3" }),
        last: broken("last", { schedulerAddress: "10.60.1.255" }),
        full: broken("full", { privateSubnetIds: [ids.tiny] }, 12),
        shared: broken("shared", { privateSubnetIds: [ids.shared] }),
        dns: broken("dns", { vpcId, privateSubnetIds: [ids.a] }),
        zone: broken("zone", {
          hostedZone: { id: clusterZone(clusters.shared).id, name: "other.example.internal" },
        }),
      });
      await workspace.init(bench.terraform);
      await workspace.failToApply(bench.terraform);
      output = readFileSync(log, "utf8").replaceAll(/\s*\n[│ ]*/g, " ");
    }, 8 * MINUTE);

    test("fail with a sentence each, before anything is created", () => {
      const { a, foreign, tiny } = ids;
      for (const sentence of [
        `network.privateSubnetIds[1]: got ${foreign} of the VPC vpc-`,
        `expected a subnet of ${owned.vpcId}. Hint: all subnets of a cluster are in network.vpcId`,
        `network.schedulerAddress: got 10.60.2.10, expected an address of ${a}, 10.60.1.0/24. Hint: choose an address of this subnet`,
        `network.schedulerAddress: got 10.60.1.3, expected an address that AWS does not reserve: it reserves the first four and the last of ${a}, 10.60.1.0/24.`,
        "network.schedulerAddress: got 10.60.1.255, expected an address that AWS does not reserve",
        `network.privateSubnetIds: got 11 free addresses in ${tiny}, expected at least 12 for the first nodes of the pool cpu.`,
        `network.hostedZone: got nothing, expected a hosted zone or false, because the account ${OTHER_ACCOUNT} shares ${owned.vpcId}`,
        "with DNS support true and DNS hostnames false, expected both true",
        "network.hostedZone.name: got other.example.internal, expected dask.example.internal, the name of",
      ])
        expect(output).toContain(sentence);
      expect(output).not.toMatch(/: Creating\.\.\./);
    });
  });

  test("the stack is valid", async () => {
    expect(await workspace.validate(bench.terraform)).toMatchObject({ valid: true, diagnostics: [] });
  });

  test("creates nothing that only the owner of a VPC may create, but for a new VPC", async () => {
    const plan = await workspace.plan(bench.terraform);
    const networks = plan.resource_changes
      .filter(({ type, change }) => OWNERS.test(type) && change.actions.join() === "create")
      .map(({ address }) => address);
    expect(networks.length).toBeGreaterThan(10);
    expect(networks.filter((address) => !/\.zones_(network|flow-logs)_/.test(address))).toEqual([]);
    expect(created(plan, "aws_route53_zone")).toEqual(["many", "one", "zones"]);
    expect(created(plan, "aws_route53_record")).toEqual(["many", "one", "shared", "zones"]);
  });

  test("is applied, and a second plan is empty", async () => {
    await workspace.apply(bench.terraform);
    second = await workspace.plan(bench.terraform);
    expect(changes(second)).toEqual([]);
  });

  test("the schedulers have their subnets and addresses, and the names point to them", () => {
    const addressOf = (name: Name) => mocked(name).scheduler().PrivateIpAddress;
    expect(addressOf("many")).toBe("10.60.2.10");
    expect(addressOf("nameless")).toBe("10.60.6.20");
    expect(addressOf("one")).toMatch(/^10\.60\.1\.\d+$/);
    expect(addressOf("shared")).toMatch(/^10\.60\.6\.\d+$/);
    for (const name of ["one", "many", "zones"] as const)
      expect(mocked(name).addressesOf(`scheduler.${name}.internal`)).toEqual([addressOf(name)]);
    expect(
      mocked("shared").addressesOf("scheduler.shared.dask.example.internal", "dask.example.internal"),
    ).toEqual([addressOf("shared")]);
  });

  test("the pools are in their subnets and zones", () => {
    const { AutoScalingGroups } = bench.mockAws.call<{
      AutoScalingGroups: {
        AutoScalingGroupName: string;
        VPCZoneIdentifier: string;
        AvailabilityZones: string[];
      }[];
    }>(REGION, "autoscaling", "describe_auto_scaling_groups");
    const groups = new Map(AutoScalingGroups.map((group) => [group.AutoScalingGroupName, group]));
    const subnetsOf = (name: string) => groups.get(name)?.VPCZoneIdentifier.split(",").sort();
    expect(subnetsOf("dask-one--cpu")).toEqual([ids.a]);
    expect(subnetsOf("dask-many--all")).toEqual([ids.a, ids.b, ids.b2].sort());
    expect(subnetsOf("dask-many--some")).toEqual([ids.b2]);
    expect(subnetsOf("dask-many--others")).toEqual([ids.a, ids.c].sort());
    expect(groups.get("dask-zones--all")?.AvailabilityZones.sort()).toEqual([`${REGION}a`, `${REGION}b`]);
    expect(groups.get("dask-zones--one")?.AvailabilityZones).toEqual([`${REGION}b`]);
  });

  test("nodes without internet access may connect to the blocks of the VPC only", () => {
    const rules = second.prior_state.values.root_module.resources.filter(
      ({ type, name, values }) =>
        type === "aws_vpc_security_group_egress_rule" && name.startsWith("nameless_") && values.cidr_ipv4,
    );
    expect(rules.map(({ values }) => [values.cidr_ipv4, values.from_port, values.to_port])).toEqual([
      ["10.60.0.0/16", 443, 443],
      ["10.60.0.0/16", 443, 443],
    ]);
  });

  test("a replaced scheduler without a fixed address changes the record, and its pools roll", async () => {
    const [scheduler = ""] = Object.keys(workspace.synthesized.resource.aws_instance ?? {}).filter((name) =>
      name.startsWith("one_"),
    );
    const plan = await workspace.plan(
      bench.terraform,
      `-replace=aws_instance.${scheduler}`,
      "-refresh=false",
    );
    const record = plan.resource_changes.find(
      ({ type, address }) => type === "aws_route53_record" && address.includes(".one_"),
    );
    expect(record?.change.actions).toEqual(["update"]);
    expect(record?.change.after_unknown).toMatchObject({ records: true });
    expect(changes(plan).filter((change) => /^update aws_autoscaling_group\.one_/.test(change))).toHaveLength(
      1,
    );
  });

  test("is destroyed, and the existing network stays", async () => {
    const before = owned.subnetIds();
    await workspace.destroy(bench.terraform);
    expect(await workspace.resources(bench.terraform)).toEqual([]);
    expect(owned.subnetIds()).toEqual(before);
    expect(before).toHaveLength(6);
  });

  // Last, when every plan, apply and destroy has been recorded.
  test("the policies of the identity that deploys allow every action that Terraform called", () => {
    const called = bench.mockAws.actionsOfTerraform();
    expect(called).toEqual(
      expect.arrayContaining(["ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "route53:GetHostedZone"]),
    );
    expect(called.filter((action) => !allows(action))).toEqual([]);
  });

  test("the policy for plans allows every action that Terraform called to plan", () => {
    const called = bench.mockAws.actionsOfPlans();
    expect(called).toEqual(expect.arrayContaining(["ec2:DescribeSubnets", "route53:GetHostedZone"]));
    expect(called.filter((action) => !planAllows(action))).toEqual([]);
  });

  const mocked = (name: Name) => new MockedCluster(bench.mockAws, clusters[name]);
});

/** Resources that a participant of a shared VPC cannot create (VPC User Guide, "Responsibilities and permissions"). */
const OWNERS =
  /^aws_(vpc|subnet|route|route_table|route_table_association|internet_gateway|nat_gateway|vpc_endpoint|flow_log|default_security_group|ec2_subnet_cidr_reservation)$/;

/** Clusters for which a plan creates a resource of a type. */
function created(plan: Plan, type: string): readonly string[] {
  return plan.resource_changes
    .filter((change) => change.type === type && change.change.actions.join() === "create")
    .map(({ address }) => /\.([a-z]+)_/.exec(address)?.[1] ?? address)
    .sort();
}

function clusterZone({ network }: ResolvedCluster) {
  if (!network.existing?.hostedZone) throw new Error("the cluster has no existing hosted zone");
  return network.existing.hostedZone;
}
