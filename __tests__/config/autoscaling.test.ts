import { defineCluster } from "../../lib/config/define";
import type { AutoscalingDefinition, ClusterDefinition, PoolDefinition } from "../../lib/config/definition";
import { highestPrice, priceOf } from "../../lib/config/prices";
import { checkScalingOnAws } from "../../lib/config/rules/autoscaling";
import type { ValidationIssue } from "../../lib/config/validation-error";
import { issuesIn, issuesOf } from "./issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };
const DEFAULTS = { keepResults: 43_200, hungAfter: 21_600, onHung: "report", deadManSwitch: 3600 };
const cpu = (fields: Partial<PoolDefinition> = {}): PoolDefinition => ({
  name: "cpu",
  ...{ kind: "cpu", instanceTypes: ["t0.large"], desiredSize: 0 },
  ...fields,
});
/** Types that no price list has. */
const instanceTypeFacts = {
  "t0.large": { vcpus: 2, memoryMiB: 8192 },
  "t0.xlarge": { vcpus: 4, memoryMiB: 16_384 },
};
const definition = (fields: Partial<ClusterDefinition>): ClusterDefinition => ({
  ...{ name: "c", region: "eu-central-1", network, scheduler: { instanceType: "t0.large" } },
  ...{ instanceTypeFacts, pools: [cpu()] },
  ...fields,
});
const resolved = (fields: Partial<ClusterDefinition>) => defineCluster(definition(fields));

describe("autoscaling", () => {
  test("is on by default with its limits, but not requested", () => {
    const pools = [cpu({ maxSize: 3 }), cpu({ name: "large", maxSize: 4 })];
    expect(resolved({ pools }).autoscaling).toEqual({ requested: false, maxNodes: 7, ...DEFAULTS });
  });

  test("is off by default if no pool can change its size, which true changes", () => {
    const pools = [cpu({ minSize: 2, desiredSize: 2, maxSize: 2 })];
    expect(resolved({ pools }).autoscaling).toBeUndefined();
    expect(resolved({ pools, autoscaling: true }).autoscaling).toEqual({
      requested: true,
      maxNodes: 2,
      ...DEFAULTS,
    });
  });

  test("is absent with false", () => {
    expect(resolved({ autoscaling: false }).autoscaling).toBeUndefined();
  });

  test("has what the definition says, with durations in seconds", () => {
    expect(
      resolved({
        autoscaling: {
          ...{ maxNodes: 4, maxHourlyCost: 2.5, keepResults: "90m", hungAfter: 60, onHung: "stop" },
          deadManSwitch: "30 minutes",
        },
        prices: { "t0.large": 0.25 },
      }).autoscaling,
    ).toEqual({
      ...{ requested: true, maxNodes: 4, maxHourlyCost: 2.5, keepResults: 5400, hungAfter: 60 },
      ...{ onHung: "stop", deadManSwitch: 1800 },
    });
    expect(
      resolved({ autoscaling: { keepResults: false, hungAfter: false, deadManSwitch: false } }).autoscaling,
    ).toEqual({
      ...{ requested: true, maxNodes: 10, keepResults: false, hungAfter: false, onHung: "report" },
      deadManSwitch: false,
    });
  });

  test("of a pool has durations in seconds", () => {
    const [byDefault, given] = resolved({
      pools: [
        cpu(),
        cpu({ name: "given", idleTimeout: "90 s", targetDuration: 30, drainTimeout: "2 hours" }),
      ],
    }).pools;
    expect(byDefault).toMatchObject({ idleTimeout: 300, targetDuration: 120, drainTimeout: 600 });
    expect(given).toMatchObject({ idleTimeout: 90, targetDuration: 30, drainTimeout: 7200 });
  });
});

test("prices come from the definition, and the highest of a pool needs all", () => {
  const { prices } = resolved({ prices: { "t0.large": 0.25, "t0.xlarge": 0.5 } });
  const priced = { prices, region: "eu-central-1" };
  expect(prices).toEqual({ "t0.large": 0.25, "t0.xlarge": 0.5 });
  expect(priceOf(priced, "t0.xlarge")).toBe(0.5);
  expect(highestPrice(priced, ["t0.large", "t0.xlarge"])).toBe(0.5);
  expect(highestPrice(priced, ["t0.large", "t0.2xlarge"])).toBeUndefined();
});

describe("a field rejects, with path, value, expected value and hint:", () => {
  const FORM = 'a duration such as "5 minutes" or "90s", or a number of seconds';
  const UNITS = "write a number and one of ms, s, m, h, d, w, seconds, minutes, hours, days, weeks";
  const scaling = (autoscaling: unknown) => definition({ autoscaling: autoscaling as AutoscalingDefinition });

  test.each<[string, ClusterDefinition, ValidationIssue]>([
    [
      "no node",
      scaling({ maxNodes: 0 }),
      {
        ...{ path: "autoscaling.maxNodes", value: 0, expected: "a whole number from 1 to 250000" },
        hint: "give a number in that range",
      },
    ],
    [
      "a cost of 0",
      scaling({ maxHourlyCost: 0 }),
      {
        ...{ path: "autoscaling.maxHourlyCost", value: 0, expected: "a number of USD per hour above 0" },
        hint: "give the limit, or remove it",
      },
    ],
    [
      "a unit that Dask does not know",
      scaling({ keepResults: "5 min" }),
      { path: "autoscaling.keepResults", value: "5 min", expected: `${FORM}, above 0`, hint: UNITS },
    ],
    [
      "true as a duration",
      scaling({ hungAfter: true }),
      {
        ...{ path: "autoscaling.hungAfter", value: true, expected: `${FORM}, above 0` },
        hint: "give a value of that form",
      },
    ],
    [
      "another reaction",
      scaling({ onHung: "reboot" }),
      {
        ...{ path: "autoscaling.onHung", value: "reboot", expected: "report or stop" },
        hint: "give a value of that form",
      },
    ],
    [
      "a short dead man's switch",
      scaling({ deadManSwitch: "2 minutes" }),
      {
        path: "autoscaling.deadManSwitch",
        value: "2 minutes",
        expected: `${FORM}, at least 5 minutes and at most 1 day`,
        hint: UNITS,
      },
    ],
    [
      "a price of 0",
      definition({ prices: { "t0.large": 0 } }),
      {
        ...{ path: "prices.t0.large", value: 0, expected: "a number of USD per hour above 0" },
        hint: "give what an instance costs in an hour, or remove the type",
      },
    ],
    [
      "no idle time",
      definition({ pools: [cpu({ idleTimeout: 0 })] }),
      { path: "pools[0].idleTimeout", value: 0, expected: `${FORM}, above 0`, hint: UNITS },
    ],
    [
      "a drain of 3 hours",
      definition({ pools: [cpu({ drainTimeout: "3 hours" })] }),
      {
        path: "pools[0].drainTimeout",
        value: "3 hours",
        expected: `${FORM}, above 0 and at most 2 hours`,
        hint: UNITS,
      },
    ],
  ])("%s", (_, given, issue) => {
    expect(issuesOf(given)).toEqual([issue]);
  });
});

describe("rejects", () => {
  test("a maximum of nodes below the sum of minSize", () => {
    const pools = [cpu({ minSize: 2, desiredSize: 2 }), cpu({ name: "large", minSize: 1, desiredSize: 4 })];
    expect(issuesOf(definition({ pools, autoscaling: { maxNodes: 2 } }))).toEqual([
      {
        path: "autoscaling.maxNodes",
        value: 2,
        expected: "at least 3, the sum of minSize of all pools",
        hint: "raise maxNodes, or lower minSize of a pool",
      },
    ]);
  });

  test("a maximum of nodes below the sum of desiredSize", () => {
    const pools = [cpu({ minSize: 2, desiredSize: 2 }), cpu({ name: "large", minSize: 1, desiredSize: 4 })];
    expect(issuesOf(definition({ pools, autoscaling: { maxNodes: 5 } }))).toEqual([
      {
        path: "autoscaling.maxNodes",
        value: 5,
        expected: "at least 6, the sum of desiredSize of all pools",
        hint: "raise maxNodes, or lower desiredSize of a pool",
      },
    ]);
  });

  test("a maximum cost without the price of each type, and names them once", () => {
    const pools = [cpu({ instanceTypes: ["t0.xlarge", "t0.large"] })];
    const given = { pools, autoscaling: { maxHourlyCost: 5 }, prices: { "t0.2xlarge": 1 } };
    expect(issuesOf(definition(given))).toEqual([
      {
        path: "autoscaling.maxHourlyCost",
        value: 5,
        expected: "no limit, because the price of t0.large, t0.xlarge in eu-central-1 is not known",
        hint: 'add what an instance costs in an hour: prices: { "t0.large": USD }, or remove maxHourlyCost',
      },
    ]);
    expect(issuesOf(definition({ pools }))).toEqual([]);
  });

  test("a maximum cost below that of the scheduler and the first instances, at their highest price", () => {
    const pools = [cpu({ instanceTypes: ["t0.large", "t0.xlarge"], minSize: 1, desiredSize: 2 })];
    const prices = { "t0.large": 0.25, "t0.xlarge": 0.5 };
    expect(issuesOf(definition({ pools, prices, autoscaling: { maxHourlyCost: 1.2 } }))).toEqual([
      {
        path: "autoscaling.maxHourlyCost",
        value: 1.2,
        expected: "at least 1.25, the cost of the scheduler and of desiredSize of all pools",
        hint: "raise maxHourlyCost, lower desiredSize or minSize of a pool, or choose cheaper instance types",
      },
    ]);
    expect(issuesOf(definition({ pools, prices, autoscaling: { maxHourlyCost: 1.25 } }))).toEqual([]);
  });

  test("an idle time below a minute only on AWS", () => {
    const cluster = resolved({ pools: [cpu({ idleTimeout: "59s" }), cpu({ name: "b", idleTimeout: 60 })] });
    expect(issuesIn(() => checkScalingOnAws(cluster))).toEqual([
      {
        path: "pools[0].idleTimeout",
        value: 59,
        expected: "at least 1 minute on AWS: an instance needs most of it to start",
        hint: "raise idleTimeout; only a local cluster may have less",
      },
    ]);
  });
});
