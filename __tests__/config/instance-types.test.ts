import { development } from "../../environments/development";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition, InstanceTypeDefinition } from "../../lib/config/definition";
import { hasUsableGpu, instanceTypeFacts } from "../../lib/config/instance-types";
import { maxProcesses } from "../../lib/config/processes";
import type { Pool } from "../../lib/config/resolved-cluster";
import { issuesOf } from "./issues-of";

describe("the table", () => {
  test("has the facts of EC2 about a type", () => {
    expect(instanceTypeFacts("m6id.4xlarge")).toEqual({
      architecture: "x86_64",
      vcpus: 16,
      memoryMiB: 65536,
      gpus: 0,
      fractionalGpu: false,
      disks: 1,
      nitro: true,
      spot: true,
      dedicatedHosts: false,
    });
    expect(instanceTypeFacts("g5.12xlarge")).toMatchObject({
      gpu: "NVIDIA A10G",
      gpus: 4,
      gpuMemoryMiB: 22888,
      vcpus: 48,
      disks: 1,
    });
    expect(instanceTypeFacts("g6f.xlarge")).toMatchObject({ gpu: "NVIDIA L4", gpus: 0, fractionalGpu: true });
    expect(instanceTypeFacts("inf2.xlarge")).toMatchObject({ accelerator: "Inferentia2" });
    expect(instanceTypeFacts("hpc7a.96xlarge")).toMatchObject({ spot: false, nitro: true });
    expect(instanceTypeFacts("mac1.metal")).toMatchObject({ dedicatedHosts: true });
  });

  test("counts only NVMe disks of the Nitro System's types", () => {
    expect(instanceTypeFacts("d2.xlarge")).toMatchObject({ nitro: false, disks: 0 });
    expect(instanceTypeFacts("d3.xlarge")).toMatchObject({ nitro: true, disks: 3 });
    expect(instanceTypeFacts("m5d.metal")).toMatchObject({ nitro: true, disks: 4 });
  });

  test.each(["m7i.larg", "m99.large", "constructor.name", "m7i", "m7i.constructor", "__proto__.x"])(
    "does not have %s",
    (type) => {
      expect(instanceTypeFacts(type)).toBeUndefined();
    },
  );

  test("reports a usable GPU only if the driver supports it", () => {
    const usable = (type: string) => {
      const facts = instanceTypeFacts(type);
      return facts && hasUsableGpu(facts);
    };
    expect(
      ["g4dn.xlarge", "g5.xlarge", "p4d.24xlarge", "p5.4xlarge", "p6-b200.48xlarge"].map(usable),
    ).toEqual(Array(5).fill(true));
    expect(["p3dn.24xlarge", "g5g.xlarge", "g6f.xlarge", "m7i.large"].map(usable)).toEqual(
      Array(4).fill(false),
    );
  });
});

const NITRO =
  "an instance type of the Nitro System: nodes expect NVMe devices and EBS with dedicated bandwidth";

describe.each([
  ["a CPU pool", (type: string) => pool({ instanceTypes: [type] }), "pools[0].instanceTypes[0]"],
  ["a GPU pool", (type: string) => pool({ kind: "gpu", instanceTypes: [type] }), "pools[0].instanceTypes[0]"],
  ["a scheduler", (type: string) => scheduler({ instanceType: type }), "scheduler.instanceType"],
])("%s", (_, definition, path) => {
  test.each([
    ...["t1.micro", "t2.large", "m1.small", "m3.large", "m4.large", "c1.medium", "c3.large", "c4.large"],
    ...[
      "r3.large",
      "r4.large",
      "x1.16xlarge",
      "x1e.xlarge",
      "d2.xlarge",
      "h1.2xlarge",
      "i2.xlarge",
      "i3.large",
    ],
  ])("rejects %s, which is not of the Nitro System", (type) => {
    expect(issuesOf(definition(type))).toMatchObject([{ path, value: type, expected: NITRO }]);
  });

  test.each([
    ["inf1.xlarge", "Inferentia"],
    ["inf2.xlarge", "Inferentia2"],
    ["trn1.2xlarge", "Trainium"],
    ["vt1.3xlarge", "U30"],
    ["f2.6xlarge", "Virtex UltraScale+ (VU47P)"],
    ["dl2q.24xlarge", "Qualcomm AI100"],
  ])("rejects %s, whose %s Dask cannot use", (type, accelerator) => {
    expect(issuesOf(definition(type))).toMatchObject([
      {
        path,
        value: type,
        expected: `an instance type without an accelerator that Dask cannot use: this one has ${accelerator}`,
      },
    ]);
  });

  test.each(["g6f.large", "g6f.4xlarge", "gr6f.4xlarge"])(
    "rejects %s, which has a fraction of a GPU",
    (type) => {
      expect(issuesOf(definition(type))).toMatchObject([
        {
          path,
          value: type,
          expected:
            "an instance type without a fraction of a GPU: the driver of the nodes supports whole GPUs only",
        },
      ]);
    },
  );

  test.each(["mac1.metal", "mac2.metal", "mac-m4.metal"])(
    "rejects %s, which needs a Dedicated Host",
    (type) => {
      expect(issuesOf(definition(type))).toMatchObject([
        { path, value: type, expected: "an instance type that runs without a Dedicated Host" },
      ]);
    },
  );
});

describe("spot instances", () => {
  test("are rejected for types that EC2 offers only on demand, and all of these are listed", () => {
    const instanceTypes = ["m7i.2xlarge", "hpc7a.96xlarge", "u-6tb1.56xlarge"];
    expect(issuesOf(pool({ instanceTypes, spotPercentage: 1 }))).toEqual([
      {
        path: "pools[0].spotPercentage",
        value: 1,
        expected: "0, because EC2 offers hpc7a.96xlarge, u-6tb1.56xlarge only on demand",
        hint: "set spotPercentage: 0, or remove these instance types from the pool",
      },
    ]);
    expect(issuesOf(pool({ instanceTypes, spotPercentage: 0 }))).toEqual([]);
  });

  test("are accepted for any other type, bare metal included", () => {
    const instanceTypes = ["m7i.2xlarge", "m5d.metal", "c7i-flex.large"];
    expect(issuesOf(pool({ instanceTypes, spotPercentage: 100 }))).toEqual([]);
  });
});

describe("a disk", () => {
  const small = {
    expected: "at least 100 with the image deep-learning, whose snapshot is 75 GiB and grows",
    hint: "remove diskGiB, or choose the image ubuntu, on which the node installs the driver",
  };

  test.each([20, 74, 75, 99])("of %p GiB is too small for the Deep Learning AMI", (diskGiB) => {
    expect(issuesOf(pool({ kind: "gpu", diskGiB }))).toEqual([
      { path: "pools[0].diskGiB", value: diskGiB, ...small },
    ]);
    expect(issuesOf(pool({ image: "deep-learning", diskGiB }))).toMatchObject([{ path: "pools[0].diskGiB" }]);
    expect(issuesOf(scheduler({ image: "deep-learning", diskGiB }))).toEqual([
      { path: "scheduler.diskGiB", value: diskGiB, ...small },
    ]);
  });

  test.each(["ubuntu", { amiId: "ami-0123456789abcdef0" }, { ssmParameter: "/my/ami" }])(
    "of 20 GiB is accepted with the image %j, whose size is smaller or unknown",
    (image) => {
      expect(issuesOf(pool({ image, diskGiB: 20 }))).toEqual([]);
      expect(issuesOf(scheduler({ image, diskGiB: 20 }))).toEqual([]);
    },
  );
});

test("a new account can deploy the development cluster: on demand, without GPUs, within 5 vCPUs", () => {
  const { scheduler, pools } = development;
  const vcpus = (type: string) => instanceTypeFacts(type)?.vcpus ?? Number.NaN;
  const most = pools.map(
    ({ desiredSize, instanceTypes }) => desiredSize * Math.max(...instanceTypes.map(vcpus)),
  );
  expect(most.reduce((sum, count) => sum + count, vcpus(scheduler.instanceType))).toBe(4);
  expect(pools.map(({ kind, spotPercentage }) => [kind, spotPercentage])).toEqual([["cpu", 0]]);
});

function pool(rest: object) {
  return { ...scheduler({}), pools: [{ name: "p", kind: "cpu", ...rest }] };
}

function scheduler(rest: object) {
  return { name: "c", network: { adminSubnets: ["10.0.0.0/8"] }, scheduler: rest };
}

describe("facts that a definition gives about a type", () => {
  const NEW = "m99.2xlarge";
  const define = (facts: InstanceTypeDefinition, pool: object, rest: object = {}) => ({
    name: "c",
    network: { adminSubnets: ["10.0.0.0/8"] },
    instanceTypeFacts: { [NEW]: facts },
    pools: [{ name: "p", kind: "cpu", instanceTypes: [NEW], ...pool }],
    ...rest,
  });
  const cpu = { vcpus: 8, memoryMiB: 32_768 };
  const gpus = { vcpus: 96, memoryMiB: 1_048_576, gpus: 80, gpuMemoryMiB: 81_920 };

  test("make it valid for pools and the scheduler", () => {
    expect(issuesOf(define(cpu, {}, { scheduler: { instanceType: NEW } }))).toEqual([]);
  });

  test("determine the limits of workers", () => {
    expect(issuesOf(define(cpu, { processes: 2, memoryLimit: "20GiB" }))).toMatchObject([
      {
        path: "pools[0].memoryLimit",
        expected: expect.stringContaining(`16GiB for each of 2 processes on ${NEW}`),
      },
    ]);
  });

  test("determine where workers spill, and whether they may be spot instances", () => {
    expect(spillOf(define({ ...cpu, disks: 2 }, {}))).toBe("instance-store");
    expect(spillOf(define(cpu, {}))).toBe("ebs");
    expect(issuesOf(define({ ...cpu, spot: false }, { spotPercentage: 50 }))).toMatchObject([
      { path: "pools[0].spotPercentage", value: 50 },
    ]);
  });

  test("determine whether it is a type for a GPU pool, and its number of workers", () => {
    const gpu = { kind: "gpu", image: "ubuntu", diskGiB: 1000 };
    expect(issuesOf(define(cpu, gpu))).toMatchObject([{ path: "pools[0].instanceTypes[0]" }]);
    expect(issuesOf(define({ ...gpus, gpus: 8 }, {}))).toMatchObject([{ path: "pools[0].instanceTypes[0]" }]);
    const sixtyFour = defineCluster(define({ ...gpus, gpus: 64 }, gpu) as ClusterDefinition);
    expect(maxProcesses(sixtyFour.pools[0] as Pool)).toBe(64);
    expect(issuesOf(define({ ...gpus, gpus: 8 }, { ...gpu, rmmPool: "81GiB" }))).toMatchObject([
      { path: "pools[0].rmmPool", expected: expect.stringContaining("80GiB") },
    ]);
  });

  test.each([
    [{ ...cpu, vcpus: 0 }, "vcpus"],
    [{ ...cpu, memoryMiB: 1.5 }, "memoryMiB"],
    [gpus, "gpus"],
  ])("must be whole numbers in a range, unlike %j", (facts, field) => {
    expect(issuesOf(define(facts, { kind: facts === gpus ? "gpu" : "cpu" }))).toContainEqual(
      expect.objectContaining({ path: `instanceTypeFacts.${NEW}.${field}` }),
    );
  });

  function spillOf(definition: object) {
    return defineCluster(definition as ClusterDefinition).pools[0]?.spill.storage;
  }
});
