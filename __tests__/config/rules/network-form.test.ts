import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition, PoolDefinition } from "../../../lib/config/definition";
import { SUBNETS, VPC } from "../../support/vpc-ids";
import { issuesOf } from "../issues-of";

const ADMINS = { adminSubnets: ["10.0.0.0/8"] };
const [A, B, C] = SUBNETS;
const EXISTING = { ...ADMINS, vpcId: VPC, privateSubnetIds: [A, B] };
const CPU: PoolDefinition = { name: "cpu", kind: "cpu" };

describe("an existing network", () => {
  test("has the scheduler in its first subnet, with a name and an address that EC2 chooses", () => {
    const { network, scheduler, addressDefaults } = defineCluster({ name: "c", network: EXISTING });
    expect(network).toEqual({
      adminSubnets: ["10.0.0.0/8"],
      vpcCidr: "10.20.0.0/16",
      zones: [],
      nat: "single",
      endpoints: false,
      existing: { vpcId: VPC, privateSubnetIds: [A, B] },
    });
    expect(scheduler).toEqual({
      instanceType: "m7i.large",
      diskGiB: 50,
      image: "ubuntu",
      subnetId: A,
      hostname: "scheduler.c.internal",
    });
    expect(addressDefaults).toEqual(["network.vpcCidr", "scheduler.subnet"]);
  });

  test("may have a fixed address, and other subnets for the scheduler and for pools", () => {
    const { scheduler, pools } = defineCluster({
      name: "c",
      network: { ...EXISTING, schedulerAddress: "10.60.1.10" },
      scheduler: { subnetId: B },
      pools: [{ ...CPU, subnetIds: [C] }],
    });
    expect(scheduler).toMatchObject({ subnetId: B, privateAddress: "10.60.1.10" });
    expect(pools[0]?.subnetIds).toEqual([C]);
  });

  test("gives the scheduler a name in an existing hosted zone, or its address instead of a name", () => {
    const hostname = (network: object) =>
      defineCluster({ name: "c", network: { ...EXISTING, ...network } }).scheduler.hostname;
    const zone = { id: "Z0123456789ABCDEFGHIJ", name: "dask.example.internal" };
    expect(hostname({ hostedZone: zone })).toBe("scheduler.c.dask.example.internal");
    expect(hostname({ hostedZone: false, schedulerAddress: "10.60.1.10" })).toBe("10.60.1.10");
  });

  test("needs no zones in a region where an account may lack zone a or b", () => {
    expect(issuesOf({ name: "c", region: "us-east-1", network: EXISTING })).toEqual([]);
  });

  test("without internet access needs images with all packages, but no endpoints of the definition", () => {
    const definition = { name: "c", network: { ...EXISTING, internetAccess: false }, pools: [CPU] };
    expect(issuesOf(definition).map(({ path, expected }) => [path, expected])).toEqual(
      ["scheduler.image", "pools[0].image"].map((path) => [
        path,
        "an AMI that was baked for this cluster, because with network.internetAccess false nodes cannot download packages",
      ]),
    );
    const image = { amiId: "ami-0123456789abcdef0" };
    const baked = { ...definition, scheduler: { image }, pools: [{ ...CPU, image }] };
    expect(issuesOf(baked)).toEqual([]);
    expect(issuesOf({ ...baked, region: "cn-north-1" })).toEqual([]);
  });

  test("rejects each field of a new VPC, with what to do instead", () => {
    const issues = issuesOf({
      name: "c",
      network: { ...EXISTING, vpcCidr: "10.1.0.0/16", zones: ["us-west-2a"], nat: "none", endpoints: true },
      scheduler: { zone: "us-west-2a", privateAddress: "10.1.0.10" },
      pools: [CPU, { ...CPU, name: "other", zones: ["us-west-2a"] }],
    });
    const expected = "nothing with network.vpcId, because the VPC exists";
    expect(issues).toEqual([
      {
        path: "network.vpcCidr",
        value: "10.1.0.0/16",
        expected,
        hint: "remove it: the block is read from AWS",
      },
      {
        path: "network.zones",
        value: ["us-west-2a"],
        expected,
        hint: "remove it: the zones of the subnets are read from AWS",
      },
      {
        path: "network.nat",
        value: "none",
        expected,
        hint: "remove it; if the subnets have no route to the internet, set network.internetAccess: false",
      },
      {
        path: "network.endpoints",
        value: true,
        expected,
        hint: "remove it: endpoints are managed by the owner of the VPC",
      },
      {
        path: "scheduler.zone",
        value: "us-west-2a",
        expected,
        hint: "remove it, or name a subnet of that zone in scheduler.subnetId",
      },
      {
        path: "scheduler.privateAddress",
        value: "10.1.0.10",
        expected,
        hint: "set network.schedulerAddress instead",
      },
      {
        path: "pools[1].zones",
        value: ["us-west-2a"],
        expected,
        hint: "name subnets of these zones in subnetIds of the pool",
      },
    ]);
  });

  test("requires its subnets", () => {
    expect(issuesOf({ name: "c", network: { ...ADMINS, vpcId: VPC } })).toMatchObject([
      {
        path: "network.privateSubnetIds",
        value: undefined,
        expected: "the ids of private subnets of the VPC",
      },
    ]);
    expect(issuesOf({ name: "c", network: { ...EXISTING, privateSubnetIds: [] } })).toMatchObject([
      { path: "network.privateSubnetIds", value: [], expected: "at least 1 of them" },
    ]);
  });

  test.each([
    ["network.vpcId", { network: { ...EXISTING, vpcId: "research-vpc" } }, "the id of a VPC"],
    [
      "network.privateSubnetIds[1]",
      { network: { ...EXISTING, privateSubnetIds: [A, VPC] } },
      "the id of a subnet",
    ],
    [
      "network.privateSubnetIds[1]",
      { network: { ...EXISTING, privateSubnetIds: [A, A] } },
      "each subnet once",
    ],
    ["pools[0].subnetIds[1]", { pools: [{ ...CPU, subnetIds: [A, A] }] }, "each subnet once"],
    ["scheduler.subnetId", { scheduler: { subnetId: "a" } }, "the id of a subnet"],
    [
      "network.schedulerAddress",
      { network: { ...EXISTING, schedulerAddress: "10.60.1" } },
      "an IPv4 address",
    ],
    [
      "network.schedulerAddress",
      { network: { ...EXISTING, schedulerAddress: "169.254.1.10" } },
      "an address outside of 169.254.0.0/16",
    ],
    [
      "network.schedulerAddress",
      { network: { ...EXISTING, hostedZone: false } },
      "an address with network.hostedZone false",
    ],
    [
      "network.hostedZone",
      { network: { ...EXISTING, hostedZone: "dask.example.internal" } },
      "false, or { id, name }",
    ],
    [
      "network.hostedZone.name",
      { network: { ...EXISTING, hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "example.internal." } } },
      "the name of a hosted zone",
    ],
  ])("rejects %s of another form", (path, definition: object, expected) => {
    expect(issuesOf({ name: "c", network: EXISTING, ...definition })).toEqual([
      expect.objectContaining({ path, expected: expect.stringContaining(expected) }),
    ]);
  });

  test("reports fields of a new VPC together with misspelled fields and broken rules", () => {
    const paths = issuesOf({
      name: "c",
      network: { ...EXISTING, nat: "single", subnet: A },
      pools: [{ ...CPU, minSize: 3, maxSize: 2 }],
    }).map(({ path }) => path);
    expect(paths).toEqual(["network.subnet", "network.nat", "pools[0].minSize"]);
  });
});

describe("a network without vpcId", () => {
  test.each<[string, object]>([
    ["network.privateSubnetIds", { network: { ...ADMINS, privateSubnetIds: [A] } }],
    ["network.schedulerAddress", { network: { ...ADMINS, schedulerAddress: "10.20.0.20" } }],
    ["network.hostedZone", { network: { ...ADMINS, hostedZone: false } }],
    ["network.internetAccess", { network: { ...ADMINS, internetAccess: true } }],
    ["scheduler.subnetId", { scheduler: { subnetId: A } }],
    ["pools[0].subnetIds", { pools: [{ ...CPU, subnetIds: [A] }] }],
  ])("rejects %s", (path, definition) => {
    expect(issuesOf({ name: "c", network: ADMINS, ...definition })).toEqual([
      {
        path,
        value: expect.anything(),
        expected: "nothing without network.vpcId, the id of an existing VPC",
        hint: "add network.vpcId, or remove this field",
      },
    ]);
  });
});

describe("the zones of a pool", () => {
  const issuesWith = (zones: string[], rest: Partial<ClusterDefinition> = {}) =>
    issuesOf({
      name: "c",
      network: { ...ADMINS, zones: ["us-west-2a", "us-west-2b"] },
      pools: [{ ...CPU, zones }],
      ...rest,
    });

  test("are zones of the network", () => {
    expect(issuesWith(["us-west-2b"])).toEqual([]);
    expect(issuesWith(["us-west-2a", "us-west-2c"])).toEqual([
      {
        path: "pools[0].zones[1]",
        value: "us-west-2c",
        expected: "one of network.zones: us-west-2a, us-west-2b",
        hint: "choose one of these zones, or add the zone to network.zones",
      },
    ]);
  });

  test("are listed once, and not empty", () => {
    expect(issuesWith(["us-west-2a", "us-west-2a"])).toMatchObject([
      { path: "pools[0].zones[1]", expected: "each zone once" },
    ]);
    expect(issuesWith([])).toMatchObject([{ path: "pools[0].zones", expected: "at least 1 of them" }]);
  });
});
