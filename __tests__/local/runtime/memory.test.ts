import { totalmem } from "node:os";
import { GIB } from "../../../lib/config/bytes";
import type { PoolDefinition } from "../../../lib/config/definition";
import { availableMemory } from "../../../lib/local/runtime/memory";
import { localPools } from "../../../lib/local/runtime/pools";
import { localPrograms } from "../../../lib/local/runtime/programs";
import { clusterOf, failure, fixedSize, LAPTOP, PATHS, PORTS } from "../definitions";

/** A computer with 16 GiB of memory. */
const COMPUTER = { ...LAPTOP, memory: 16 * GIB };

/** `--memory-limit` of each worker program. */
function limits(pools: readonly PoolDefinition[], computer = COMPUTER) {
  const cluster = clusterOf(pools.map(fixedSize));
  const [, ...workers] = localPrograms(cluster, localPools(cluster, computer).present, 4, PATHS, PORTS);
  return workers.map(({ argv }) => argv[argv.indexOf("--memory-limit") + 1]);
}

const cpu = { name: "cpu", kind: "cpu" } as const;

test.each<[PoolDefinition[], string[]]>([
  [[cpu], ["16384MiB"]],
  [[{ ...cpu, processes: 2, threads: 2, desiredSize: 2 }], ["4096MiB", "4096MiB"]],
  [[{ ...cpu, processes: 11 }], ["1489MiB"]],
  [
    [
      { ...cpu, desiredSize: 2 },
      { ...cpu, name: "many", processes: 6 },
    ],
    ["2048MiB", "2048MiB", "2048MiB"],
  ],
])("divides the memory among the workers of all pools: %j", (pools, expected) => {
  expect(limits(pools)).toEqual(expected);
});

test("divides the memory that pools with sizes leave", () => {
  const sized = { ...cpu, name: "sized", memoryLimit: "3GiB", desiredSize: 2 };
  expect(limits([sized, { ...cpu, desiredSize: 5 }])).toEqual(["3GiB", "3GiB", ...Array(5).fill("2048MiB")]);
});

test("a fraction applies to an equal part of the memory for each node", () => {
  const shared = { ...cpu, name: "shared", processes: 2, memoryLimit: "50%", desiredSize: 2 };
  expect(limits([shared, { ...cpu, processes: 2, desiredSize: 2 }])).toEqual(Array(4).fill("2048MiB"));
});

test("counts the workers of a pool without limits in the division", () => {
  expect(limits([{ ...cpu, name: "free", memoryLimit: 0 }, cpu])).toEqual(["0", "8192MiB"]);
});

test("counts GPU workers in the division", () => {
  const gpu = { name: "gpu", kind: "gpu" } as const;
  expect(limits([{ ...cpu, desiredSize: 2 }, gpu], { ...COMPUTER, gpus: 2 })).toEqual(
    Array(3).fill("4096MiB"),
  );
});

test("a pool without desired nodes has a node if the memory suffices", () => {
  expect(limits([{ ...cpu, name: "none", desiredSize: 0, memoryLimit: "30GiB" }, cpu])).toEqual(["16384MiB"]);
  expect(limits([{ ...cpu, desiredSize: 0 }])).toEqual(["16384MiB"]);
});

test("accepts 70 workers with enough memory, and rejects them otherwise", async () => {
  const many = [{ ...cpu, desiredSize: 70 }];
  expect(limits(many, { ...COMPUTER, memory: 24 * GIB })).toEqual(Array(70).fill("351MiB"));
  expect(await failure(() => limits(many))).toBe(
    "pool cpu: got 234MiB of memory for each of 70 workers, expected at least 256MiB; this computer has 16GiB. Hint: lower desiredSize or processes",
  );
});

test("rejects limits that exceed the memory of the computer", async () => {
  expect(await failure(() => limits([{ ...cpu, desiredSize: 3, memoryLimit: "6GiB" }]))).toBe(
    "memoryLimit: got 18GiB for all workers, expected at most the 16GiB of this computer. Hint: lower desiredSize or processes, or lower memoryLimit",
  );
  expect(limits([{ ...cpu, desiredSize: 2, memoryLimit: "8GiB" }])).toEqual(["8GiB", "8GiB"]);
});

test("rejects limits that leave no memory for other pools", async () => {
  expect(await failure(() => limits([{ ...cpu, name: "all", memoryLimit: "16GiB" }, cpu]))).toContain(
    "pool cpu: got 0GiB of memory for each of 1 workers, expected at least 256MiB; this computer has 16GiB",
  );
});

describe("an elastic pool", () => {
  const elastic = (pool: Partial<PoolDefinition>, memory: number) =>
    localPools(clusterOf([{ ...cpu, maxSize: 20, ...pool } as PoolDefinition]), {
      ...LAPTOP,
      memory,
    }).present.map(({ nodes, desired, pool: { memoryLimit } }) => [nodes, desired, memoryLimit]);

  test("divides the memory for its largest number of nodes", () => {
    expect(elastic({}, 16 * GIB)).toEqual([[4, 1, "4096MiB"]]);
  });

  test("has as many nodes as the memory suffices for, at least the desired ones", () => {
    expect(elastic({ memoryLimit: "6GiB" }, 16 * GIB)).toEqual([[2, 1, "6GiB"]]);
    expect(elastic({}, 3 * GIB)).toEqual([[3, 1, "1024MiB"]]);
    expect(elastic({ desiredSize: 2 }, GIB)).toEqual([[2, 2, "512MiB"]]);
  });
});

test("the available memory is at most the memory of the computer", () => {
  expect(availableMemory()).toBeGreaterThan(GIB / 4);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});
