import { issuesOf } from "../issues-of";

describe("admin subnets cover at most a /4 of the public addresses", () => {
  const cut = (prefix: number, count: number, first = 0) =>
    Array.from({ length: count }, (_, index) => `${(first + index) * 2 ** (8 - prefix)}.0.0.0/${prefix}`);

  test.each<[string, readonly string[], string]>([
    ["two halves", ["0.0.0.0/1", "128.0.0.0/1"], "100.0 %"],
    ["one half", ["128.0.0.0/1"], "43.5 %"],
    ["sixteen /5s", cut(5, 16), "56.5 %"],
    ["three /5s", cut(5, 3, 2), "10.9 %"],
    ["a /4 and another block", ["16.0.0.0/4", "32.0.0.0/24"], "7.3 %"],
    ["a /3", ["32.0.0.0/3"], "14.5 %"],
  ])("rejects %s", (_, adminSubnets, share) => {
    expect(issuesOf({ name: "c", network: { adminSubnets } })).toEqual([
      {
        path: "network.adminSubnets",
        value: adminSubnets,
        expected: `blocks that together cover at most a /4 of the public IPv4 addresses; these cover ${share} of all`,
        hint: "name the subnets of your administrators: anyone who reaches port 8786 can run code on every worker",
      },
    ]);
  });

  test.each<[string, readonly string[]]>([
    ["a /4", ["16.0.0.0/4"]],
    ["a /4, and blocks in it", ["16.0.0.0/4", "16.0.0.0/5", "24.0.0.0/5"]],
    [
      "every private network",
      ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"],
    ],
    ["a private block and one in it", ["10.0.0.0/8", "10.1.0.0/16"]],
  ])("accepts %s", (_, adminSubnets) => {
    expect(issuesOf({ name: "c", network: { adminSubnets } })).toEqual([]);
  });
});
