import { defineCluster } from "../../../lib/config/define";
import type { PoolDefinition } from "../../../lib/config/definition";
import { MAX_VCPUS } from "../../../lib/config/instance-types";
import { PORTS, workerPorts } from "../../../lib/config/ports";
import { issuesOf } from "../issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };

describe("memory limits that add up to more than a node has", () => {
  test("are rejected with the instance type and the limit of each process", () => {
    const instanceTypes = ["m7i.4xlarge", "m7i.2xlarge"];
    expect(issuesIn({ instanceTypes, processes: 4, memoryLimit: "9GiB" })).toEqual([
      {
        path: "pools[0].memoryLimit",
        value: "9GiB",
        expected: "at most 8GiB for each of 4 processes on m7i.2xlarge, which has 32GiB",
        hint: "lower memoryLimit, name instance types with more memory, or remove memoryLimit",
      },
    ]);
    expect(issuesIn({ instanceTypes, processes: 4, memoryLimit: "8GiB" })).toEqual([]);
    expect(issuesIn({ instanceTypes, memoryLimit: "33GiB" })).toMatchObject([
      { expected: "at most 32GiB on m7i.2xlarge, which has 32GiB" },
    ]);
  });

  test("count one process per GPU", () => {
    const gpus = { kind: "gpu", instanceTypes: ["g6.12xlarge"], rmmPool: 0.5 };
    expect(issuesIn({ ...gpus, memoryLimit: "50GiB" })).toMatchObject([
      {
        path: "pools[0].memoryLimit",
        expected: "at most 48GiB for each of 4 processes on g6.12xlarge, which has 192GiB",
      },
    ]);
    expect(issuesIn({ ...gpus, memoryLimit: "48GiB" })).toEqual([]);
    expect(issuesIn({ ...gpus, memoryLimit: 0.3 })).toMatchObject([{ value: 0.3 }]);
  });

  test.each([
    [4, 0.9, false],
    [4, "26%", false],
    [4, 0.25, true],
    [3, 1 / 3, true],
    [10, 0.1, true],
    [49, 1 / 49, true],
    [1, 1, true],
    [2, 1, false],
  ])("%d processes with a share of %p each: accepted %p", (processes, memoryLimit, accepted) => {
    const issues = issuesIn({ instanceTypes: ["m7i.24xlarge"], processes, memoryLimit });
    expect(issues.map(({ path }) => path)).toEqual(accepted ? [] : ["pools[0].memoryLimit"]);
  });
});

describe("too little memory for a worker", () => {
  test("is rejected with the number of processes that an instance type has memory for", () => {
    expect(issuesIn({ instanceTypes: ["m7i.large"], processes: 33, diskGiB: 200 })).toEqual([
      {
        path: "pools[0].processes",
        value: 33,
        expected: "at most 32 on m7i.large, which has 8GiB: a worker needs 256MiB",
        hint: "lower processes, or name instance types with more memory",
      },
    ]);
    expect(issuesIn({ instanceTypes: ["m7i.large"], processes: 32, diskGiB: 200 })).toEqual([]);
  });

  test("is rejected with the smallest share", () => {
    expect(issuesIn({ instanceTypes: ["m7i.large"], memoryLimit: "1%" })).toMatchObject([
      {
        path: "pools[0].memoryLimit",
        expected: "at least 4% on m7i.large, which has 8GiB: a worker needs 256MiB",
      },
    ]);
  });

  test("is accepted without a limit", () => {
    expect(issuesIn({ instanceTypes: ["m7i.large"], processes: 64, memoryLimit: 0, diskGiB: 200 })).toEqual(
      [],
    );
  });
});

describe("the spill limit", () => {
  test.each([
    [{ diskGiB: 20, processes: 11 }, "930MiB"],
    [{ diskGiB: 100, processes: 3 }, "17066MiB"],
    [{ diskGiB: 20, processes: 40, instanceTypes: ["m7i.12xlarge"] }, "256MiB"],
    [{ diskGiB: 200, processes: 4 }, "25GiB"],
  ])("by default, of a pool %j, is %s for each process", (rest, limit) => {
    expect(poolOf(rest).spill).toEqual({ storage: "ebs", limit });
  });

  test("by default is shared by the processes of the GPUs", () => {
    const gpus = {
      kind: "gpu",
      instanceTypes: ["g6.xlarge", "g6.48xlarge"],
      spill: { storage: "ebs" },
      diskGiB: 400,
    };
    expect(poolOf(gpus).spill).toEqual({ storage: "ebs", limit: "25GiB" });
  });

  test("requires a disk with at least 256MiB for each process", () => {
    expect(issuesIn({ diskGiB: 20, processes: 41, instanceTypes: ["m7i.12xlarge"] })).toEqual([
      {
        path: "pools[0].diskGiB",
        value: 20,
        expected: "at least 21 for 41 processes, which share half of the disk: each needs 256MiB to spill",
        hint: "raise diskGiB, or lower processes",
      },
    ]);
    expect(issuesIn({ diskGiB: 21, processes: 41, instanceTypes: ["m7i.12xlarge"] })).toEqual([]);
  });

  test("must fit on the disk", () => {
    expect(issuesIn({ processes: 4, spill: { limit: "30GiB" } })).toEqual([
      {
        path: "pools[0].spill.limit",
        value: "30GiB",
        expected:
          "at most 23040MiB for each of 4 processes on a disk of 100 GiB, of which the system needs 10",
        hint: "lower spill.limit, or raise diskGiB",
      },
    ]);
    expect(issuesIn({ processes: 3, spill: { limit: "30GiB" } })).toEqual([]);
    expect(issuesIn({ spill: { limit: "100GiB" } })).toMatchObject([
      { expected: "at most 90GiB on a disk of 100 GiB, of which the system needs 10" },
    ]);
    expect(issuesIn({ spill: { limit: false } })).toEqual([]);
  });

  test("may be larger than the root disk if workers spill to the instance store", () => {
    const spill = { storage: "instance-store", limit: "400GiB" };
    expect(issuesIn({ instanceTypes: ["m6id.4xlarge"], spill })).toEqual([]);
  });
});

test("an RMM pool must fit into the GPU of each instance type, and must not be too small", () => {
  const gpus = (rmmPool: string) =>
    issuesIn({ kind: "gpu", instanceTypes: ["g6e.xlarge", "g5.xlarge"], rmmPool });
  expect(gpus("24GiB")).toEqual([
    {
      path: "pools[0].rmmPool",
      value: "24GiB",
      expected: "at most 22888MiB, the memory of a GPU of g5.xlarge",
      hint: "lower rmmPool, or set a share such as 0.8",
    },
  ]);
  expect(gpus("22GiB")).toEqual([]);
  expect(gpus("1%")).toMatchObject([
    { value: 0.01, expected: "at least 2% of a GPU of g5.xlarge, which has 22888MiB" },
  ]);
  expect(gpus("2%")).toEqual([]);
});

describe("worker processes", () => {
  test("are at most the vCPUs of the smallest instance type, or 64", () => {
    const large = { instanceTypes: ["m7i.48xlarge", "r7i.24xlarge"], memoryLimit: "1GiB", diskGiB: 400 };
    expect(issuesIn({ ...large, processes: 97 })).toEqual([
      {
        path: "pools[0].processes",
        value: 97,
        expected: "at most 96 with r7i.24xlarge, which has 96 vCPUs",
        hint: "lower processes, or name instance types with more vCPUs",
      },
    ]);
    expect(issuesIn({ ...large, processes: 96 })).toEqual([]);
    expect(issuesIn({ instanceTypes: ["m7i.2xlarge"], processes: 64 })).toEqual([]);
    expect(issuesIn({ instanceTypes: ["m7i.2xlarge"], processes: 65 })).toMatchObject([
      { expected: "at most 64 with m7i.2xlarge, which has 8 vCPUs" },
    ]);
  });

  test("are at most the vCPUs of the largest instance type", () => {
    const pool = { instanceTypes: ["u7i-12tb.224xlarge"], diskGiB: 1000 };
    expect(MAX_VCPUS).toBe(896);
    expect(issuesIn({ ...pool, processes: 896 })).toEqual([]);
    expect(issuesIn({ ...pool, processes: 897 })).toMatchObject([
      { path: "pools[0].processes", expected: "a whole number from 1 to 896" },
    ]);
  });

  test.each([
    [{}, 64, [9000, 9063], [9100, 9163]],
    [{ kind: "gpu" }, 64, [9000, 9063], [9100, 9163]],
    [{ processes: 64 }, 64, [9000, 9063], [9100, 9163]],
    [{ instanceTypes: ["m7i.48xlarge"], processes: 100 }, 100, [9000, 9099], [9100, 9199]],
    [{ instanceTypes: ["m7i.48xlarge"], processes: 192 }, 192, [9000, 9191], [9192, 9383]],
    [
      { instanceTypes: ["u7i-12tb.224xlarge"], processes: 896, diskGiB: 1000 },
      896,
      [9000, 9895],
      [9896, 10791],
    ],
  ])(
    "of a pool %j have %d ports each, apart from all others of its node",
    (rest, count, workers, nannies) => {
      const pools = [
        { name: "small", kind: "cpu" },
        { name: "p", kind: "cpu", ...rest },
      ] as PoolDefinition[];
      const { worker, nanny } = workerPorts(defineCluster({ name: "c", network, pools }));
      expect([worker, nanny]).toEqual([range(workers), range(nannies)]);
      expect(worker.to - worker.from + 1).toBe(count);
      // Prometheus and Alertmanager run on the scheduler's node, which has no workers.
      const { prometheus: _prometheus, alertmanager: _alertmanager, ...others } = PORTS;
      for (const other of Object.values(others))
        for (const own of [worker, nanny]) expect(own.from > other.to || own.to < other.from).toBe(true);
    },
  );
});

function range([from, to]: readonly (number | undefined)[]) {
  return { from, to };
}

function definition(rest: object) {
  return { name: "c", network, pools: [{ name: "p", kind: "cpu", ...rest } as PoolDefinition] };
}

function issuesIn(rest: object) {
  return issuesOf(definition(rest));
}

function poolOf(rest: object) {
  const [pool] = defineCluster(definition(rest)).pools;
  if (pool === undefined) throw new Error("no pool");
  return pool;
}
