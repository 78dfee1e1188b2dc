import { minimalConflict } from "../../lib/cli/lock/minimal-conflict";

/** Numbers from 0 to 99, of which those in `culprits` fail together. */
const find = async (culprits: readonly number[]) => {
  let checks = 0;
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const conflict = await minimalConflict(numbers, async (part) => {
    checks++;
    return culprits.every((culprit) => part.includes(culprit));
  });
  return { conflict, checks };
};

test("finds one culprit among a hundred with few checks", async () => {
  const { conflict, checks } = await find([42]);

  expect(conflict).toEqual([42]);
  expect(checks).toBeLessThanOrEqual(16);
});

test("finds a pair that fails together, in the order of the list", async () => {
  const { conflict, checks } = await find([93, 7]);

  expect(conflict).toEqual([7, 93]);
  expect(checks).toBeLessThanOrEqual(32);
});

test("returns nothing if the empty list fails", async () => {
  expect(await find([])).toEqual({ conflict: [], checks: 1 });
});
