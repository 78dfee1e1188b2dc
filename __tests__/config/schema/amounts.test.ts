import { defineCluster } from "../../../lib/config/define";
import type { PoolDefinition } from "../../../lib/config/definition";
import { issuesOf } from "../issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };

describe("a memory limit", () => {
  test.each<[string | number | false, unknown]>([
    ["auto", "auto"],
    ["8GiB", "8GiB"],
    ["1.5 GB", "1.5 GB"],
    ["256MiB", "256MiB"],
    [0.9, 0.9],
    ["0.9", 0.9],
    [" .25 ", 0.25],
    ["95%", 0.95],
    ["12.5 %", 0.125],
    ["100%", 1],
    [1, 1],
    ["1.0", 1],
    [0, false],
    ["0", false],
    ["0.0", false],
    [false, false],
  ])("of %p is resolved to %p", (memoryLimit, resolved) => {
    expect(onlyPool({ name: "p", kind: "cpu", memoryLimit }).memoryLimit).toBe(resolved);
  });
});

const MINIMUM = "a size of at least 256MiB with its unit";
const GENERIC = "write a number and one of MB, GB, TB, MiB, GiB, TiB";

describe("sizes without a unit, and sizes that are too small", () => {
  const fields: readonly (readonly [string, string, (size: unknown) => object])[] = [
    ["memoryLimit", "pools[0].memoryLimit", (memoryLimit) => ({ kind: "cpu", memoryLimit })],
    ["spill.limit", "pools[0].spill.limit", (limit) => ({ kind: "cpu", spill: { limit } })],
    ["rmmPool", "pools[0].rmmPool", (rmmPool) => ({ kind: "gpu", rmmPool })],
  ];
  const sizes: readonly (readonly [unknown, string])[] = [
    ["4", "did you mean 4GiB?"],
    ["24", "did you mean 24GiB?"],
    ["1", "did you mean 1GiB?"],
    ["1.5", "did you mean 1.5GiB?"],
    ["512", "did you mean 512MiB?"],
    ["8192", "did you mean 8192MiB?"],
    ["8589934592", "did you mean 8GiB?"],
    ["1e9", "did you mean 953MiB?"],
    [4, "did you mean 4GiB?"],
    [8589934592, "did you mean 8GiB?"],
    ["64MB", "did you mean 64GB?"],
    ["255MiB", "did you mean 255GiB?"],
    ["500kB", "did you mean 500MB?"],
    ["4B", "did you mean 4GB?"],
    ["4KiB", "did you mean 4GiB?"],
    ["MB", GENERIC],
    ["0GB", GENERIC],
    ["-4GiB", GENERIC],
    ["150%", GENERIC],
    ["0%", GENERIC],
    ["8 gigs", GENERIC],
    ["", GENERIC],
    [-1, GENERIC],
  ];
  describe.each(fields)("%s", (_, path, definition) => {
    test.each(sizes)("rejects %p with the hint: %s", (size, hint) => {
      const issues = issuesOf({ name: "c", network, pools: [{ name: "p", ...definition(size) }] });
      expect(issues).toEqual([{ path, value: size, expected: expect.stringContaining(MINIMUM), hint }]);
    });
  });

  test.each([["0"], [0], ["0.5"], ["50%"], [0.5], ["auto"]])("rejects the spill limit %p", (limit) => {
    expect(issuesOf({ name: "c", network, pools: [{ name: "p", kind: "cpu", spill: { limit } }] })).toEqual([
      expect.objectContaining({ path: "pools[0].spill.limit", value: limit }),
    ]);
  });

  test.each([["0"], [0], [1], ["100%"], ["auto"]])("rejects the RMM pool %p", (rmmPool) => {
    expect(issuesOf({ name: "c", network, pools: [{ name: "p", kind: "gpu", rmmPool }] })).toEqual([
      expect.objectContaining({ path: "pools[0].rmmPool", value: rmmPool }),
    ]);
  });

  test.each([[null], [true], [["8GiB"]], [{ share: 0.5 }], [Number.NaN]])(
    "rejects the memory limit %p",
    (memoryLimit) => {
      expect(issuesOf({ name: "c", network, pools: [{ name: "p", kind: "cpu", memoryLimit }] })).toEqual([
        expect.objectContaining({ path: "pools[0].memoryLimit" }),
      ]);
    },
  );
});

test.each([
  ["80%", 0.8],
  ["0.5", 0.5],
  ["12GiB", "12GiB"],
])("an RMM pool of %p is resolved to %p", (rmmPool, resolved) => {
  expect(onlyPool({ name: "p", kind: "gpu", rmmPool })).toMatchObject({ rmmPool: resolved });
});

function onlyPool(pool: PoolDefinition) {
  const [resolved] = defineCluster({ name: "c", network, pools: [pool] }).pools;
  if (resolved === undefined) throw new Error("no pool");
  return resolved;
}
