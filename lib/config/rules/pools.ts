import { eachPool, issueIf, type Rule } from "./rule";

/** Each pool has a name of its own. */
export const poolNames: Rule = ({ pools }) =>
  pools.flatMap(({ name }, index) => [
    ...issueIf(pools.findIndex((pool) => pool.name === name) < index, {
      path: `pools[${index}].name`,
      value: name,
      expected: "a name that no other pool has",
      hint: "rename one of the two pools",
    }),
    ...issueIf(name === "scheduler", {
      path: `pools[${index}].name`,
      value: name,
      expected: "any name but scheduler, which names the scheduler's own resources",
      hint: "rename the pool",
    }),
  ]);

/** minSize ≤ desiredSize ≤ maxSize, and no more on-demand machines than machines. */
export const poolSizes: Rule = eachPool(({ minSize, desiredSize, maxSize, onDemandBase }, path) => [
  ...issueIf(minSize > maxSize, {
    path: `${path}.minSize`,
    value: minSize,
    expected: `at most maxSize (${maxSize})`,
    hint: "lower minSize or raise maxSize",
  }),
  ...issueIf(minSize <= maxSize && (desiredSize < minSize || desiredSize > maxSize), {
    path: `${path}.desiredSize`,
    value: desiredSize,
    expected: `from minSize (${minSize}) to maxSize (${maxSize})`,
    hint: "move desiredSize between the two, or move the two",
  }),
  ...issueIf(onDemandBase > maxSize, {
    path: `${path}.onDemandBase`,
    value: onDemandBase,
    expected: `at most maxSize (${maxSize})`,
    hint: "lower onDemandBase or raise maxSize",
  }),
]);
