import { eachPool, faultIf, type Rule } from "./rule";

/** Each pool has a name of its own. */
export const poolNames: Rule = ({ pools }) =>
  pools.flatMap(({ name }, index) => [
    ...faultIf(pools.findIndex((pool) => pool.name === name) < index, {
      path: `pools[${index}].name`,
      value: name,
      allowed: "a name that no other pool has",
      remedy: "rename one of the two pools",
    }),
    ...faultIf(name === "scheduler", {
      path: `pools[${index}].name`,
      value: name,
      allowed: "any name but scheduler, which names the scheduler's own resources",
      remedy: "rename the pool",
    }),
  ]);

/** minSize ≤ desiredSize ≤ maxSize, and no more on-demand machines than machines. */
export const poolSizes: Rule = eachPool(({ minSize, desiredSize, maxSize, onDemandBase }, path) => [
  ...faultIf(minSize > maxSize, {
    path: `${path}.minSize`,
    value: minSize,
    allowed: `at most maxSize (${maxSize})`,
    remedy: "lower minSize or raise maxSize",
  }),
  ...faultIf(minSize <= maxSize && (desiredSize < minSize || desiredSize > maxSize), {
    path: `${path}.desiredSize`,
    value: desiredSize,
    allowed: `from minSize (${minSize}) to maxSize (${maxSize})`,
    remedy: "move desiredSize between the two, or move the two",
  }),
  ...faultIf(onDemandBase > maxSize, {
    path: `${path}.onDemandBase`,
    value: onDemandBase,
    allowed: `at most maxSize (${maxSize})`,
    remedy: "lower onDemandBase or raise maxSize",
  }),
]);
