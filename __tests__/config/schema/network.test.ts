import { issuesOf } from "../issues-of";

describe("the notation of blocks", () => {
  test.each([
    ...[
      "10.0/16",
      "010.0.0.0/8",
      "10.020.0.0/16",
      "0xa.0.0.0/8",
      "167772160/8",
      "10.0.0.0/08",
      " 10.0.0.0/8",
    ],
  ])("rejects %p in each field that takes a block", (block) => {
    expect(issuesOf({ name: "c", network: { adminSubnets: [block] } })).toMatchObject([
      { path: "network.adminSubnets[0]", value: block },
    ]);
    expect(issuesOf(withNetwork({ vpcCidr: block }))).toMatchObject([
      { path: "network.vpcCidr", value: block },
    ]);
    for (const kind of ["privateSubnet", "publicSubnet"])
      expect(issuesOf(withNetwork({ zones: [{ name: "us-west-2a", [kind]: block }] }))).toMatchObject([
        { path: `network.zones[0].${kind}`, value: block },
      ]);
  });

  test.each([
    ...["fd00::/8", "2001:DB8::/32", "2001:db8:0::/32", "::1/128", "::/0", "::ffff:10.0.0.0/104"],
    "fe80::%eth0/64",
  ])("rejects the IPv6 block %s with the reason", (block) => {
    expect(issuesOf({ name: "c", network: { adminSubnets: ["127.0.0.0/8", block] } })).toEqual([
      {
        path: "network.adminSubnets[1]",
        value: block,
        expected: "an IPv4 block: neither the VPC nor a local cluster has IPv6 addresses",
        hint: "name the IPv4 blocks that your administrators connect from",
      },
    ]);
  });
});

function withNetwork(network: object, rest: object = {}) {
  return { name: "c", network: { adminSubnets: ["10.0.0.0/8"], ...network }, ...rest };
}
