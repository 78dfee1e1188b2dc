import { defineCluster } from "../../../lib/config/define";
import { nodeBlocks } from "../../../lib/config/subnets";
import { issuesOf } from "../issues-of";

describe("subnets", () => {
  test("are cut from the VPC by the letters of the zones", () => {
    const zones = ["us-west-2c", "us-west-2a", "us-west-2g"];
    expect(defineCluster(withNetwork({ zones })).network.zones).toEqual([
      { name: "us-west-2c", privateSubnet: "10.20.64.0/19", publicSubnet: "10.20.232.0/22" },
      { name: "us-west-2a", privateSubnet: "10.20.0.0/19", publicSubnet: "10.20.224.0/22" },
      { name: "us-west-2g", privateSubnet: "10.20.192.0/19", publicSubnet: "10.20.248.0/22" },
    ]);
  });

  test("of zones after g must be in the definition", () => {
    expect(issuesOf(withNetwork({ zones: ["us-west-2a", "us-west-2h"] }))).toEqual([
      {
        path: "network.zones[1]",
        value: "us-west-2h",
        expected:
          "a zone from a to g where its subnets are derived from the VPC, which is cut into eighths by letter",
        hint: "give the zone a privateSubnet and a publicSubnet",
      },
    ]);
    const given = { name: "us-west-2h", privateSubnet: "10.20.32.0/19", publicSubnet: "10.20.64.0/24" };
    expect(issuesOf(withNetwork({ zones: ["us-west-2a", given] }))).toEqual([]);
  });

  test.each(["10.1.2.0/24", "10.1.2.0/28", "10.1.0.0/23"])(
    "in a VPC of %s must be in the definition",
    (vpcCidr) => {
      expect(issuesOf(withNetwork({ vpcCidr }))).toMatchObject([
        {
          path: "network.vpcCidr",
          value: vpcCidr,
          expected: "a prefix from /16 to /22 where subnets are derived from it",
        },
      ]);
      expect(issuesOf(withNetwork({ vpcCidr, zones: zonesOf("10.1.2.0/28") }))).toEqual([]);
    },
  );

  test.each(["10.0.0.0/15", "10.1.2.0/29", "10.1.2.0/32"])(
    "are rejected with a VPC of %s, which AWS rejects",
    (vpcCidr) => {
      for (const zones of [undefined, zonesOf("10.1.2.0/28")])
        expect(issuesOf(withNetwork({ vpcCidr, ...(zones && { zones }) }))).toMatchObject([
          { path: "network.vpcCidr", expected: expect.stringContaining("from /16 to /28") },
        ]);
    },
  );

  test("of an existing network may lie in secondary blocks of its VPC", () => {
    const { network } = defineCluster(
      withNetwork({ vpcCidr: "10.0.0.0/16", zones: zonesOf("100.64.0.0/18", "10.0.4.0/22") }),
    );
    expect(nodeBlocks(network)).toEqual(["10.0.0.0/16", "100.64.0.0/18"]);
  });

  test("must not overlap in any network", () => {
    expect(
      issuesOf(withNetwork({ vpcCidr: "10.0.0.0/16", zones: zonesOf("100.64.0.0/18", "100.64.32.0/20") })),
    ).toEqual([
      {
        path: "network.zones[1].privateSubnet",
        value: "100.64.32.0/20",
        expected: "a block that shares no address with network.zones[0].privateSubnet (100.64.0.0/18)",
        hint: "move one of the two",
      },
    ]);
  });

  test.each(["10.0.0.0/15", "10.1.2.0/29"])("of %s are rejected in any network", (block) => {
    expect(issuesOf(withNetwork({ vpcCidr: "172.16.0.0/16", zones: zonesOf(block) }))).toMatchObject([
      { path: "network.zones[0].privateSubnet", value: block },
    ]);
  });

  test.each(["127.1.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "240.1.0.0/16", "0.1.0.0/16"])(
    "are rejected in %s, where nodes cannot have addresses",
    (vpcCidr) => {
      expect(issuesOf(withNetwork({ vpcCidr }))).toMatchObject([{ path: "network.vpcCidr", value: vpcCidr }]);
      expect(issuesOf(withNetwork({ zones: zonesOf(vpcCidr) }))).toMatchObject([
        { path: "network.zones[0].privateSubnet", value: vpcCidr },
      ]);
    },
  );

  test("are rejected in the block of Docker's bridge if a node has the Deep Learning AMI", () => {
    const gpu = { pools: [{ name: "gpu", kind: "gpu" }] };
    const issues = { expected: expect.stringContaining("172.17.0.0/16, which Docker uses") };
    for (const vpcCidr of ["172.17.0.0/16", "172.17.64.0/20"]) {
      expect(issuesOf(withNetwork({ vpcCidr }, gpu))).toMatchObject([{ path: "network.vpcCidr", ...issues }]);
      expect(issuesOf(withNetwork({ vpcCidr }))).toEqual([]);
    }
    expect(issuesOf(withNetwork({ zones: zonesOf("172.17.0.0/20") }, gpu))).toMatchObject([
      { path: "network.zones[0].privateSubnet", ...issues },
    ]);
    const scheduler = { image: "deep-learning" };
    expect(issuesOf(withNetwork({ vpcCidr: "172.17.0.0/16" }, { scheduler }))).toHaveLength(1);
    expect(issuesOf(withNetwork({ vpcCidr: "172.18.0.0/16" }, gpu))).toEqual([]);
  });
});

describe("the scheduler's private address", () => {
  const at = (privateAddress: unknown) =>
    withNetwork({ zones: zonesOf("10.20.4.0/28", "10.20.5.0/28") }, { scheduler: { privateAddress } });

  test("is the eleventh of the private subnet of the scheduler's zone, or that of the definition", () => {
    expect(defineCluster(at(undefined)).scheduler.privateAddress).toBe("10.20.4.10");
    expect(defineCluster(at("10.20.4.4")).scheduler.privateAddress).toBe("10.20.4.4");
    expect(defineCluster(at("10.20.4.14")).scheduler.privateAddress).toBe("10.20.4.14");
  });

  test("is in the zone whose name comes first in the alphabet, or in that of the definition", () => {
    const [a, b] = zonesOf("10.20.4.0/28", "10.20.5.0/28");
    for (const zones of [
      [a, b],
      [b, a],
    ]) {
      const inZone = (zone?: string) =>
        defineCluster(withNetwork({ zones }, { scheduler: { zone } })).scheduler;
      expect(inZone()).toMatchObject({ zone: "us-west-2a", privateAddress: "10.20.4.10" });
      expect(inZone("us-west-2b")).toMatchObject({ zone: "us-west-2b", privateAddress: "10.20.5.10" });
    }
  });

  test("is rejected in a zone that is not in the definition", () => {
    const zones = zonesOf("10.20.4.0/28", "10.20.5.0/28");
    expect(issuesOf(withNetwork({ zones }, { scheduler: { zone: "us-west-2c" } }))).toEqual([
      {
        path: "scheduler.zone",
        value: "us-west-2c",
        expected: "one of network.zones: us-west-2a, us-west-2b",
        hint: "choose one of these zones, or add the zone to network.zones",
      },
    ]);
  });

  test.each(["10.20.4.0", "10.20.4.3", "10.20.4.15", "10.20.5.10", "10.20.3.255", "192.168.0.10"])(
    "is rejected if it is %s, which AWS reserves or which is outside of the subnet",
    (address) => {
      expect(issuesOf(at(address))).toEqual([
        {
          path: "scheduler.privateAddress",
          value: address,
          expected:
            "an address of the private subnet 10.20.4.0/28 of zone us-west-2a, without its first four and its last, which AWS reserves",
          hint: "choose another address, or another scheduler.zone",
        },
      ]);
    },
  );

  test.each(["10.20.4.010", "10.20.1034", "0xa.20.4.10", "10.20.4.10/32", "fd00::1", "", 10])(
    "is rejected in the notation %p",
    (address) => {
      expect(issuesOf(at(address))).toMatchObject([{ path: "scheduler.privateAddress", value: address }]);
    },
  );
});

function withNetwork(network: object, rest: object = {}) {
  return { name: "c", network: { adminSubnets: ["10.0.0.0/8"], ...network }, ...rest };
}

/** Zones a, b and so on with these private subnets and no public ones. */
function zonesOf(...privateSubnets: readonly string[]) {
  return privateSubnets.map((privateSubnet, index) => ({ name: `us-west-2${"abc"[index]}`, privateSubnet }));
}
