import { totalmem } from "node:os";
import { GIB } from "../../../lib/config/bytes";
import type { PoolDefinition } from "../../../lib/config/definition";
import { thisMemory } from "../../../lib/local/runtime/memory";
import { localPools } from "../../../lib/local/runtime/pools";
import { localPrograms } from "../../../lib/local/runtime/programs";
import { clusterOf, failure, LAPTOP, PATHS, PORTS } from "../definitions";

/** A computer with 16 GiB of memory. */
const COMPUTER = { ...LAPTOP, memory: 16 * GIB };

/** `--memory-limit` of each worker program. */
function limits(pools: readonly PoolDefinition[], machine = COMPUTER) {
  const cluster = clusterOf(pools);
  const [, ...workers] = localPrograms(cluster, localPools(cluster, machine).present, 4, PATHS, PORTS);
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
])("the workers of all pools divide the memory of this computer: %j", (pools, expected) => {
  expect(limits(pools)).toEqual(expected);
});

test("they divide what the pools with limits leave", () => {
  const sized = { ...cpu, name: "sized", memoryLimit: "3GiB", desiredSize: 2 };
  expect(limits([sized, { ...cpu, desiredSize: 5 }])).toEqual(["3GiB", "3GiB", ...Array(5).fill("2048MiB")]);
});

test("a share is one of an equal part of each acted-out node", () => {
  const shared = { ...cpu, name: "shared", processes: 2, memoryLimit: "50%", desiredSize: 2 };
  expect(limits([shared, { ...cpu, processes: 2, desiredSize: 2 }])).toEqual(Array(4).fill("2048MiB"));
});

test("a pool without limits has none, and its workers count among those that divide", () => {
  expect(limits([{ ...cpu, name: "free", memoryLimit: 0 }, cpu])).toEqual(["0", "8192MiB"]);
});

test("GPU workers divide with the others", () => {
  const gpu = { name: "gpu", kind: "gpu" } as const;
  expect(limits([{ ...cpu, desiredSize: 2 }, gpu], { ...COMPUTER, gpus: 2 })).toEqual(
    Array(3).fill("4096MiB"),
  );
});

test("pools without nodes take nothing", () => {
  expect(limits([{ ...cpu, name: "none", desiredSize: 0, memoryLimit: "30GiB" }, cpu])).toEqual(["16384MiB"]);
  expect(limits([{ ...cpu, desiredSize: 0 }])).toEqual([]);
});

test("70 workers run where there is memory for them, and are refused where there is not", async () => {
  const many = [{ ...cpu, desiredSize: 70, maxSize: 70 }];
  expect(limits(many, { ...COMPUTER, memory: 24 * GIB })).toEqual(Array(70).fill("351MiB"));
  expect(await failure(() => limits(many))).toBe(
    "each of 70 workers of pool cpu would have 234MiB of this computer's 16GiB of memory, and needs 256MiB; lower desiredSize or processes",
  );
});

test("limits that add up to more than this computer has are refused", async () => {
  expect(await failure(() => limits([{ ...cpu, desiredSize: 3, memoryLimit: "6GiB" }]))).toBe(
    "the memory limits of the workers add up to 18GiB, this computer has 16GiB; lower desiredSize or processes, or lower memoryLimit",
  );
  expect(limits([{ ...cpu, desiredSize: 2, memoryLimit: "8GiB" }])).toEqual(["8GiB", "8GiB"]);
});

test("limits that leave nothing for the other pools are refused", async () => {
  expect(await failure(() => limits([{ ...cpu, name: "all", memoryLimit: "16GiB" }, cpu]))).toContain(
    "each of 1 workers of pool cpu would have 0GiB of this computer's 16GiB of memory, and needs 256MiB",
  );
});

test("this computer's memory is at most what it has, and at most its control group's", () => {
  expect(thisMemory()).toBeGreaterThan(GIB / 4);
  expect(thisMemory()).toBeLessThanOrEqual(totalmem());
});
