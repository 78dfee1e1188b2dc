import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import type { ValidationIssue } from "../../lib/config/validation-error";
import { issuesOf } from "./issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };

test("rejects an admin subnet that is listed twice", () => {
  expect(issuesOf({ name: "c", network: { adminSubnets: ["10.0.0.0/8", "10.0.0.0/8"] } })).toEqual([
    {
      path: "network.adminSubnets[1]",
      value: "10.0.0.0/8",
      expected: "each subnet once",
      hint: "remove the duplicate",
    },
  ]);
});

describe("rejects, with path, value and expected value:", () => {
  test.each<[string, unknown, Partial<ValidationIssue>]>([
    ["a name in capitals", { name: "Prod", network }, { path: "name", value: "Prod" }],
    ["a name of 33 characters", { name: "a".repeat(33), network }, { path: "name" }],
    ["a name with two hyphens", { name: "a--b", network }, { path: "name" }],
    ["a missing name", { network }, { path: "name", value: undefined, hint: "add it" }],
    [
      "an empty list of admin subnets",
      { name: "c", network: { adminSubnets: [] } },
      { path: "network.adminSubnets" },
    ],
    ["a missing network", { name: "c" }, { path: "network" }],
    [
      "an unknown release",
      { name: "c", network, release: "2025.1" },
      { path: "release", expected: "2026.7 or 2024.7" },
    ],
    [
      "a folder as a script",
      { name: "c", network, nodeSetup: { boot: "setup/" } },
      { path: "nodeSetup.boot", value: "setup/", hint: "name a file, not a folder" },
    ],
    [
      "an unknown half of the setup",
      pool({ nodeSetup: { start: "setup/a.sh" } }),
      { path: "pools[0].nodeSetup.start", expected: "one of bake, boot" },
    ],
    ["an unknown property", { name: "c", network, colour: "red" }, { path: "colour", value: "red" }],
    ["a misspelt region", { name: "c", network, region: "eu-central" }, { path: "region" }],
    [
      "the whole Internet",
      admin("0.0.0.0/0"),
      { path: "network.adminSubnets[0]", expected: "a block smaller than the whole internet" },
    ],
    ["the whole IPv6 Internet", admin("::/0"), { path: "network.adminSubnets[0]" }],
    ["a host without a prefix", admin("10.1.2.3"), { path: "network.adminSubnets[0]" }],
    ["host bits beyond the prefix", admin("10.1.2.3/8"), { path: "network.adminSubnets[0]" }],
    ["a word for a block", admin("office"), { path: "network.adminSubnets[0]", value: "office" }],
    ["a VPC too large", vpc({ vpcCidr: "10.0.0.0/8" }), { path: "network.vpcCidr", value: "10.0.0.0/8" }],
    ["a VPC too small", vpc({ vpcCidr: "10.0.0.0/24" }), { path: "network.vpcCidr", value: "10.0.0.0/24" }],
    [
      "a zone of another region",
      vpc({ zones: ["eu-west-1a"] }),
      { path: "network.zones[0]", value: "eu-west-1a" },
    ],
    ["a zone twice", vpc({ zones: ["us-west-2a", "us-west-2a"] }), { path: "network.zones[1]" }],
    [
      "minSize above maxSize",
      pool({ minSize: 3, maxSize: 2 }),
      { path: "pools[0].minSize", value: 3, expected: "at most maxSize (2)" },
    ],
    [
      "desiredSize above maxSize",
      pool({ desiredSize: 5, maxSize: 2 }),
      { path: "pools[0].desiredSize", value: 5, expected: "from minSize (0) to maxSize (2)" },
    ],
    [
      "desiredSize below minSize",
      pool({ minSize: 2, desiredSize: 1 }),
      { path: "pools[0].desiredSize", value: 1 },
    ],
    [
      "an on-demand base above maxSize",
      pool({ onDemandBase: 11 }),
      { path: "pools[0].onDemandBase", value: 11 },
    ],
    [
      "a spot share above 100",
      pool({ spotPercentage: 101 }),
      { path: "pools[0].spotPercentage", expected: "a whole number from 0 to 100" },
    ],
    ["a spot share below 0", pool({ spotPercentage: -1 }), { path: "pools[0].spotPercentage", value: -1 }],
    [
      "a memory string Dask cannot parse",
      pool({ memoryLimit: "8 gigs" }),
      { path: "pools[0].memoryLimit", value: "8 gigs" },
    ],
    ["a memory limit of zero", pool({ memoryLimit: "0GB" }), { path: "pools[0].memoryLimit" }],
    [
      "a spill limit Dask cannot parse",
      pool({ spill: { limit: "lots" } }),
      { path: "pools[0].spill.limit", value: "lots" },
    ],
    [
      "spilling to an instance store that does not exist",
      pool({ spill: { storage: "instance-store" } }),
      { path: "pools[0].spill.storage" },
    ],
    [
      "a CPU pool with a GPU instance type",
      pool({ instanceTypes: ["g5.xlarge"] }),
      { path: "pools[0].instanceTypes[0]", value: "g5.xlarge" },
    ],
    [
      "a pool with two architectures",
      pool({ instanceTypes: ["m7i.large", "m7g.large"] }),
      { path: "pools[0].instanceTypes[1]", value: "m7g.large" },
    ],
    [
      "a misspelt instance type",
      pool({ instanceTypes: ["m7i.larg"] }),
      { path: "pools[0].instanceTypes[0]", expected: "an instance type in EC2's list" },
    ],
    [
      "a GPU pool with a CPU instance type",
      gpu({ instanceTypes: ["m7i.large"] }),
      { path: "pools[0].instanceTypes[0]", value: "m7i.large" },
    ],
    [
      "a GPU pool with a V100",
      gpu({ instanceTypes: ["p3dn.24xlarge"] }),
      { path: "pools[0].instanceTypes[0]" },
    ],
    ["an RMM share above 1", gpu({ rmmPool: 1.5 }), { path: "pools[0].rmmPool", value: 1.5 }],
    ["an RMM pool on a CPU pool", pool({ rmmPool: 0.5 }), { path: "pools[0].rmmPool" }],
    ["a resource CPU in the definition", pool({ resources: { CPU: 4 } }), { path: "pools[0].resources.CPU" }],
    ["a resource GPU in a CPU pool", pool({ resources: { GPU: 1 } }), { path: "pools[0].resources.GPU" }],
    ["a resource gpu in a GPU pool", gpu({ resources: { gpu: 1 } }), { path: "pools[0].resources.gpu" }],
    [
      "resources that differ by case",
      pool({ resources: { disk: 1, Disk: 1 } }),
      { path: "pools[0].resources.Disk" },
    ],
    [
      "a resource with a space",
      pool({ resources: { "big memory": 1 } }),
      { path: "pools[0].resources.big memory" },
    ],
    ["a resource of zero", pool({ resources: { disk: 0 } }), { path: "pools[0].resources.disk", value: 0 }],
    ["a pool named scheduler", pool({ name: "scheduler" }), { path: "pools[0].name", value: "scheduler" }],
    ["a pool name of 21 characters", pool({ name: "p".repeat(21) }), { path: "pools[0].name" }],
    ["an unknown kind of pool", pool({ kind: "tpu" }), { path: "pools[0].kind", value: "tpu" }],
    ["a tag with the prefix of AWS", { name: "c", network, tags: { "aws:x": "1" } }, { path: "tags.aws:x" }],
    [
      "a pinned image without an AMI id",
      pool({ image: { amiId: "ubuntu" } }),
      { path: "pools[0].image.amiId", value: "ubuntu" },
    ],
    [
      "a bucket name that AWS rejects",
      { name: "c", network, backend: { type: "s3", bucket: "No" } },
      { path: "backend.bucket", value: "No" },
    ],
  ])("%s", (_, definition, expected) => {
    expect(issuesOf(definition)).toEqual([expect.objectContaining(expected)]);
  });

  test("two pools with the same name", () => {
    const pools = [
      { name: "a", kind: "cpu" },
      { name: "a", kind: "cpu" },
    ];
    expect(issuesOf({ name: "c", network, pools })).toEqual([
      {
        path: "pools[1].name",
        value: "a",
        expected: "a name that no other pool has",
        hint: "rename one of the two pools",
      },
    ]);
  });

  test("RMM and UCX on release 2024.7", () => {
    const pools = [{ name: "gpu", kind: "gpu", ucx: true, rmmPool: 0.5 }];
    const scheduler = { instanceType: "g5.xlarge" };
    expect(issuesOf({ name: "c", network, tls: false, release: "2024.7", scheduler, pools })).toEqual([
      {
        path: "pools[0].rmmPool",
        value: 0.5,
        expected: "false: an RMM pool needs rmm, and release 2024.7 (RAPIDS 24.08) has no wheels of it",
        hint: "remove rmmPool, or use release 2026.7",
      },
      {
        path: "pools[0].ucx",
        value: true,
        expected: "false: UCX needs ucx-py, and release 2024.7 (RAPIDS 24.08) has no wheels of it",
        hint: "remove ucx, or use release 2026.7",
      },
    ]);
  });

  test("UCX with nodes that do not support it", () => {
    const pools = [
      { name: "gpu", kind: "gpu", ucx: true },
      { name: "plain", kind: "gpu" },
      { name: "cpu", kind: "cpu" },
    ];
    expect(issuesOf({ name: "c", network, tls: false, pools }).map(({ path }) => path)).toEqual([
      "scheduler.instanceType",
      "pools[1].ucx",
      "pools[2].kind",
    ]);
  });
});

test("rejects UCX, which is not encrypted, in a cluster with TLS", () => {
  const ucx = {
    name: "c",
    network,
    scheduler: { instanceType: "g6.xlarge" },
    pools: [{ name: "gpu", kind: "gpu", ucx: true }],
  };
  expect(issuesOf(ucx)).toEqual([
    {
      path: "tls",
      value: true,
      expected: "false in a cluster with UCX: ucx:// is never encrypted",
      hint: "set tls: false, which isolates the cluster from the admin subnets, or turn ucx off: nodes with one GPU gain nothing from it",
    },
  ]);
  expect(issuesOf({ ...ucx, tls: false })).toEqual([]);
});

test("rejects more admin subnets than fit into a security group with SSH", () => {
  const adminSubnets = Array.from({ length: 20 }, (_, index) => `10.${index}.0.0/16`);
  const ssh = { keyName: "operators" };
  expect(issuesOf({ name: "c", network: { adminSubnets }, ssh })).toEqual([
    {
      path: "network.adminSubnets",
      value: "20 subnets",
      expected: "at most 19 with ssh: AWS allows 60 rules per security group",
      hint: "join subnets into larger blocks, or remove ssh: Session Manager needs no rule",
    },
  ]);
  expect(issuesOf({ name: "c", network: { adminSubnets: adminSubnets.slice(1) }, ssh })).toEqual([]);
  expect(issuesOf({ name: "c", network: { adminSubnets } })).toEqual([]);
});

test("rejects a network without internet access for nodes that install packages", () => {
  const without = { name: "c", network: { ...network, nat: "none" }, bakedImages: true };
  expect(issuesOf(without).map(({ path, value }) => [path, value])).toEqual([
    ["network.endpoints", false],
    ["bakedImages", true],
    ["scheduler.image", "ubuntu"],
    ["pools[0].image", "ubuntu"],
  ]);
  const image = { amiId: "ami-0123456789abcdef0" };
  expect(
    issuesOf({
      name: "c",
      network: { ...network, nat: "none", endpoints: true },
      scheduler: { image },
      pools: [{ name: "cpu", kind: "cpu", image }],
    }),
  ).toEqual([]);
});

test("rejects an artifact bucket with dots in its name, which certificates of S3 do not cover", () => {
  expect(issuesOf({ name: "c", network, artifactBucket: "company.artifacts" })).toMatchObject([
    { path: "artifactBucket", value: "company.artifacts", hint: "choose another bucket" },
  ]);
  expect(issuesOf({ name: "c", network, artifactBucket: "company-artifacts" })).toEqual([]);
});

test.each([0, 366, 12.5])(
  "rejects a log retention of %p days, which CloudWatch Logs does not support",
  (logRetentionDays) => {
    expect(issuesOf({ name: "c", network, logRetentionDays })).toMatchObject([
      {
        path: "logRetentionDays",
        value: logRetentionDays,
        hint: "choose a number of days that CloudWatch Logs accepts",
      },
    ]);
  },
);

describe("a base image that Image Builder cannot look up", () => {
  const image = { ssmParameter: "/images/dask" };
  const nodes = { scheduler: { image }, pools: [{ name: "p", kind: "cpu", image }] };

  test("is rejected with bakedImages", () => {
    const issue = {
      value: "/images/dask",
      expected:
        "with bakedImages, a parameter below /aws/service/ or /imagebuilder/, because Image Builder may read no other",
      hint: "keep the id below /imagebuilder/, name the AMI by its id, or turn bakedImages off",
    };
    expect(issuesOf({ name: "c", network, bakedImages: true, ...nodes })).toEqual([
      { path: "scheduler.image.ssmParameter", ...issue },
      { path: "pools[0].image.ssmParameter", ...issue },
    ]);
  });

  test("is accepted without bakedImages, or if Image Builder may read it", () => {
    const readable = { ssmParameter: "/imagebuilder/dask" };
    expect(issuesOf({ name: "c", network, ...nodes })).toEqual([]);
    expect(issuesOf({ name: "c", network, bakedImages: true, scheduler: { image: readable } })).toEqual([]);
  });
});

test("reports all issues together, also those of other fields than an invalid one", () => {
  const issues = issuesOf({
    name: "Bad",
    network: { adminSubnets: ["0.0.0.0/0"], vpcCidr: "nowhere", zones: ["eu-west-1a"] },
    pools: [
      { name: "a", kind: "cpu", minSize: "many", desiredSize: 4, maxSize: 3 },
      { kind: "gpu", instanceTypes: ["m7i.large"] },
    ],
  });
  expect(issues.map(({ path }) => path)).toEqual([
    "name",
    "network.adminSubnets[0]",
    "network.vpcCidr",
    "pools[0].minSize",
    "pools[1].name",
    "network.zones[0]",
    "pools[0].desiredSize",
    "pools[1].instanceTypes[0]",
  ]);
});

test("the message has the number of issues and a line for each", () => {
  expect(() => defineCluster(pool({ name: "scheduler", spotPercentage: 200 }) as ClusterDefinition)).toThrow(
    [
      "cluster definition 'c' has 2 issues:",
      "  pools[0].spotPercentage: got 200, expected a whole number from 0 to 100. Hint: give a number in that range",
      '  pools[0].name: got "scheduler", expected any name but scheduler, which is the name of the scheduler\'s resources. Hint: rename the pool',
    ].join("\n"),
  );
});

function admin(subnet: string): unknown {
  return { name: "c", network: { adminSubnets: [subnet] } };
}

function vpc(rest: object): unknown {
  return { name: "c", network: { ...network, ...rest } };
}

function pool(rest: object): unknown {
  return { name: "c", network, pools: [{ name: "p", kind: "cpu", ...rest }] };
}

function gpu(rest: object): unknown {
  return pool({ kind: "gpu", ...rest });
}
