import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { checkExistingNetwork, checkOwnVpc } from "../../../lib/config/rules/vpc";
import { issuesIn } from "../issues-of";

const [A, B] = ["us-west-2a", "us-west-2b"];
const IMAGE = { amiId: "ami-0123456789abcdef0" };
const SUBNETS = ["subnet-1", "subnet-2"];

describe("a definition with an existing network", () => {
  test("needs the scheduler's address and no blocks", () => {
    expect(issuesOf({ scheduler: { privateAddress: "10.60.1.10" } })).toEqual([]);
  });

  test("is rejected without the scheduler's address", () => {
    expect(issuesOf({ scheduler: { zone: B } })).toEqual([
      {
        path: "scheduler.privateAddress",
        value: undefined,
        expected: "an address of the subnet subnet-2: in an existing network it has no default",
        hint: "set scheduler.privateAddress to an address of the subnet that is not in use",
      },
    ]);
  });

  test.each([
    [A, []],
    [B, ["scheduler.privateAddress"]],
  ])(
    "derives the address of a scheduler in %s from the block of its zone, if there is one",
    (zone, paths) => {
      const zones = [{ name: A, privateSubnet: "10.20.4.0/24" }, B];
      expect(issuesOf({ scheduler: { zone } }, { zones }).map(({ path }) => path)).toEqual(paths);
    },
  );

  test("needs the block of the VPC without NAT, because nodes reach only this block", () => {
    const scheduler = { privateAddress: "10.60.1.10", image: IMAGE };
    const nat = { nat: "none", endpoints: true } as const;
    expect(issuesOf({ scheduler }, nat)).toEqual([
      {
        path: "network.vpcCidr",
        value: undefined,
        expected: 'the block of the existing VPC: with nat "none", nodes reach endpoints in this block only',
        hint: "set network.vpcCidr to the block of the VPC",
      },
    ]);
    expect(issuesOf({ scheduler }, { ...nat, vpcCidr: "10.60.0.0/16" })).toEqual([]);
  });

  test.each([[[]], [["subnet-1"]], [["subnet-1", "subnet-2", "subnet-3"]]])(
    "has one private subnet per zone, not %j",
    (privateSubnetIds) => {
      expect(issuesOf({ scheduler: { privateAddress: "10.60.1.10" } }, {}, privateSubnetIds)).toEqual([
        {
          path: "network.privateSubnetIds",
          value: privateSubnetIds,
          expected: "2, one per zone of the definition",
          hint: "name the private subnets in the order of network.zones",
        },
      ]);
    },
  );

  test("has a different subnet in each zone", () => {
    expect(
      issuesOf({ scheduler: { privateAddress: "10.60.1.10" } }, {}, ["subnet-1", "subnet-1"]),
    ).toMatchObject([{ path: "network.privateSubnetIds", expected: "a different subnet for each zone" }]);
  });
});

test("without an existing network, an address outside of a derived subnet is rejected", () => {
  const cluster = define({ scheduler: { privateAddress: "10.60.1.10" } });
  expect(issuesIn(() => checkOwnVpc(cluster))).toEqual([
    {
      path: "scheduler.privateAddress",
      value: "10.60.1.10",
      expected:
        "an address of the private subnet 10.20.0.0/19 of zone us-west-2a, without its first four and its last, which AWS reserves",
      hint: "choose another address, or another scheduler.zone",
    },
  ]);
});

function define(definition: Partial<ClusterDefinition>, network: object = {}) {
  return defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/8"], ...network },
    pools: [{ name: "cpu", kind: "cpu", image: IMAGE }],
    ...definition,
  });
}

/** The issues of a definition with an existing network; `defineCluster` accepts the definition. */
function issuesOf(definition: Partial<ClusterDefinition>, network: object = {}, privateSubnetIds = SUBNETS) {
  const cluster = define(definition, network);
  return issuesIn(() => checkExistingNetwork(cluster, { privateSubnetIds }));
}
