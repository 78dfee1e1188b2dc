import { architectureOf } from "../../../lib/config/architecture";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition, PoolDefinition } from "../../../lib/config/definition";
import type { Pool } from "../../../lib/config/resolved-cluster";
import { issuesOf } from "../issues-of";

const define = (rest: Partial<ClusterDefinition>): ClusterDefinition => ({
  name: "c",
  network: { adminSubnets: ["10.0.0.0/8"] },
  ...rest,
});
const pool = (rest: Partial<PoolDefinition>, more: Partial<ClusterDefinition> = {}) =>
  define({ pools: [{ name: "p", kind: "cpu", ...rest } as PoolDefinition], ...more });

describe("arm64", () => {
  test.each([
    ...["a1.large", "t4g.small", "m6g.large", "c7gn.xlarge", "r8gd.2xlarge", "x2gd.medium", "im4gn.large"],
    ...["i8g.large", "hpc7g.4xlarge", "m8g.metal-24xl"],
  ])("%s is an instance type of CPU pools and of schedulers", (type) => {
    expect(issuesOf(pool({ instanceTypes: [type] }))).toEqual([]);
    expect(issuesOf(define({ scheduler: { instanceType: type } }))).toEqual([]);
  });

  test("is the architecture of the nodes whose types have it, by table or by the definition", () => {
    const cluster = defineCluster(
      define({
        scheduler: { instanceType: "t4g.medium" },
        instanceTypeFacts: {
          "m99g.large": { vcpus: 2, memoryMiB: 8192, architecture: "arm64" },
          "m99.large": { vcpus: 2, memoryMiB: 8192 },
        },
        pools: [
          { name: "arm", kind: "cpu", instanceTypes: ["m8g.large", "m7g.large"] },
          { name: "new-arm", kind: "cpu", instanceTypes: ["m99g.large", "m8g.large"] },
          { name: "new", kind: "cpu", instanceTypes: ["m99.large"] },
          { name: "default", kind: "cpu" },
          { name: "gpu", kind: "gpu" },
        ],
      }),
    );
    expect(architectureOf(cluster.scheduler)).toBe("arm64");
    expect(cluster.pools.map(architectureOf)).toEqual(["arm64", "arm64", "x86_64", "x86_64", "x86_64"]);
  });

  test("facts of a definition have no other architecture", () => {
    const facts = { vcpus: 2, memoryMiB: 8192, architecture: "aarch64" as "arm64" };
    expect(
      issuesOf(pool({ instanceTypes: ["m99g.large"] }, { instanceTypeFacts: { "m99g.large": facts } })),
    ).toMatchObject([{ path: "instanceTypeFacts.m99g.large.architecture", value: "aarch64" }]);
  });

  test("types with instance store are where workers spill", () => {
    const spill = (type: string) =>
      (defineCluster(pool({ instanceTypes: [type] })).pools[0] as Pool).spill.storage;
    expect([spill("m8gd.large"), spill("m8g.large")]).toEqual(["instance-store", "ebs"]);
  });
});

describe("a pool with two architectures", () => {
  test("is rejected: its nodes start from one image", () => {
    expect(issuesOf(pool({ instanceTypes: ["m7i.large", "m7g.large", "m6g.large"] }))).toEqual([
      {
        path: "pools[0].instanceTypes[1]",
        value: "m7g.large",
        expected: "an x86_64 instance type like m7i.large, because all nodes of a pool start from one image",
        hint: "make a pool for each architecture",
      },
    ]);
    expect(issuesOf(pool({ instanceTypes: ["m7g.large", "m6g.large", "m7i.large"] }))).toMatchObject(
      [
        { path: "pools[0].instanceTypes[2]", value: "m7i.large", expected: /^an arm64 .* like m7g\.large/ },
      ].map((issue) => ({ ...issue, expected: expect.stringMatching(issue.expected) })),
    );
  });

  test.each([
    ["of an unknown type", ["m99.large", "m7g.large"], "m99.large"],
    ["of a Mac", ["mac2.metal", "m7i.large"], "mac2.metal"],
    ["of a GPU type", ["m7i.large", "g5g.xlarge"], "g5g.xlarge"],
  ])("is reported once, not also for the architecture %s", (_, instanceTypes, value) => {
    expect(issuesOf(pool({ instanceTypes })).map((issue) => issue.value)).toEqual([value]);
  });
});

describe("arm64 types with GPUs", () => {
  const expected = "an x86_64 instance type: the image and the driver of GPU nodes are those for x86_64";

  test("are rejected in GPU pools, also next to x86_64 types", () => {
    expect(issuesOf(pool({ kind: "gpu", instanceTypes: ["g5g.xlarge"] }))).toEqual([
      {
        path: "pools[0].instanceTypes[0]",
        value: "g5g.xlarge",
        expected,
        hint: "name a type such as g6.xlarge; CPU pools and the scheduler can be arm64",
      },
    ]);
    expect(issuesOf(pool({ kind: "gpu", instanceTypes: ["g6.xlarge", "g5g.xlarge"] }))).toMatchObject([
      { path: "pools[0].instanceTypes[1]", value: "g5g.xlarge", expected },
    ]);
  });

  test("are rejected for the scheduler of a cluster with UCX", () => {
    const ucx = { name: "p", kind: "gpu", ucx: true } as const;
    expect(
      issuesOf(define({ tls: false, scheduler: { instanceType: "g5g.xlarge" }, pools: [ucx] })),
    ).toMatchObject([{ path: "scheduler.instanceType", value: "g5g.xlarge", expected }]);
  });

  test("are rejected if the definition gives their facts", () => {
    const facts = { vcpus: 4, memoryMiB: 8192, gpus: 1, architecture: "arm64" } as const;
    expect(
      issuesOf(
        pool({ kind: "gpu", instanceTypes: ["g99g.large"] }, { instanceTypeFacts: { "g99g.large": facts } }),
      ),
    ).toMatchObject([{ path: "pools[0].instanceTypes[0]", expected }]);
  });
});

test("the image deep-learning is rejected for arm64 nodes", () => {
  const image = "deep-learning";
  const issue = {
    value: image,
    expected: "ubuntu or an AMI for arm64: deep-learning is the x86_64 image of GPU nodes",
    hint: "remove the image, or name x86_64 instance types",
  };
  expect(
    issuesOf(
      pool({ image, instanceTypes: ["m7g.large"] }, { scheduler: { image, instanceType: "m7g.large" } }),
    ),
  ).toEqual([
    { path: "scheduler.image", ...issue },
    { path: "pools[0].image", ...issue },
  ]);
  expect(issuesOf(pool({ image, instanceTypes: ["m7i.large"] }))).toEqual([]);
});
