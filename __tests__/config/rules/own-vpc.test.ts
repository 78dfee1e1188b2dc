import { defineCluster } from "../../../lib/config/define";
import type { NewNetworkDefinition } from "../../../lib/config/definition";
import { checkOwnVpc } from "../../../lib/config/rules/vpc";
import { issuesIn } from "../issues-of";

const A = "us-west-2a";
const B = "us-west-2b";

test.each<[string, Omit<NewNetworkDefinition, "adminSubnets">]>([
  ["the defaults", {}],
  ["a VPC of /22", { vpcCidr: "10.1.4.0/22", zones: [A, "us-west-2g"] }],
  [
    "a VPC of /24 with every subnet",
    {
      vpcCidr: "10.1.2.0/24",
      zones: [
        { name: A, privateSubnet: "10.1.2.0/26", publicSubnet: "10.1.2.128/28" },
        { name: B, privateSubnet: "10.1.2.64/26", publicSubnet: "10.1.2.144/28" },
      ],
    },
  ],
])("%s is accepted", (_, network) => {
  expect(issuesOf(network)).toEqual([]);
});

test("rejects private and public subnets outside of the VPC", () => {
  const zones = [{ name: A, privateSubnet: "10.99.0.0/24", publicSubnet: "10.98.0.0/24" }];
  const issue = {
    expected: "a block inside the VPC's 10.20.0.0/16",
    hint: "move the subnet into the VPC, widen network.vpcCidr, or pass the construct an existing network",
  };
  expect(issuesOf({ zones })).toEqual([
    { path: "network.zones[0].privateSubnet", value: "10.99.0.0/24", ...issue },
    { path: "network.zones[0].publicSubnet", value: "10.98.0.0/24", ...issue },
  ]);
});

test("rejects a public subnet that overlaps another subnet, and one that is too small for AWS", () => {
  const zones = [
    { name: A, privateSubnet: "10.20.0.0/24", publicSubnet: "10.20.0.128/25" },
    { name: B, publicSubnet: "10.20.64.0/29" },
  ];
  expect(issuesOf({ zones })).toMatchObject([
    {
      path: "network.zones[0].publicSubnet",
      value: "10.20.0.128/25",
      expected: "a block that shares no address with network.zones[0].privateSubnet (10.20.0.0/24)",
    },
    {
      path: "network.zones[1].publicSubnet",
      value: "10.20.64.0/29",
      expected: expect.stringContaining("/28"),
    },
  ]);
});

test("rejects a private subnet that overlaps a derived subnet", () => {
  expect(issuesOf({ zones: [{ name: A, privateSubnet: "10.20.224.0/19" }] })).toMatchObject([
    { path: "network.zones[0].publicSubnet", value: "10.20.224.0/22" },
  ]);
});

describe("a VPC that is too small to derive public subnets from", () => {
  const network = { vpcCidr: "10.1.2.0/24", zones: [{ name: A, privateSubnet: "10.1.2.0/26" }] };

  test("needs public subnets in the definition with a NAT gateway", () => {
    expect(issuesOf(network)).toEqual([
      {
        path: "network.zones[0].publicSubnet",
        value: undefined,
        expected:
          "a block for the NAT gateway: it is derived only from a VPC of /16 to /22, for zones a to g",
        hint: "give the zone a publicSubnet, or choose a larger network.vpcCidr",
      },
    ]);
  });

  test("needs no public subnets without a NAT gateway", () => {
    expect(issuesOf({ ...network, nat: "none", endpoints: true })).toEqual([]);
  });
});

/** The issues of a network that `defineCluster` accepts. */
function issuesOf(network: Omit<NewNetworkDefinition, "adminSubnets">) {
  const image = { amiId: "ami-0123456789abcdef0" };
  const cluster = defineCluster({
    name: "c",
    network: { adminSubnets: ["10.0.0.0/8"], ...network },
    scheduler: { image },
    pools: [{ name: "cpu", kind: "cpu", image }],
  });
  return issuesIn(() => checkOwnVpc(cluster));
}
