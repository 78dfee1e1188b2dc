import { typesWithoutPrice } from "../costs";
import { highestPrice, priceOf } from "../prices";
import type { ResolvedCluster } from "../resolved-cluster";
import { ValidationError } from "../validation-error";
import { eachPool, issueIf, type Rule } from "./rule";

/** Publishing and reading of metrics and states on AWS take tens of seconds, so that a shorter time would only cost starts. */
const MIN_IDLE_SECONDS_ON_AWS = 60;

/** The limit of all pools allows their minimum and first sizes. */
export const nodesWithinLimit: Rule = ({ autoscaling, pools }) => {
  if (autoscaling === undefined) return [];
  const { maxNodes } = autoscaling;
  const [field, least] = leastNodes(pools, maxNodes);
  return issueIf(maxNodes < least, {
    path: "autoscaling.maxNodes",
    value: maxNodes,
    expected: `at least ${least}, the sum of ${field} of all pools`,
    hint: `raise maxNodes, or lower ${field} of a pool`,
  });
};

/** The price of every instance type is known if the cost is limited. */
export const pricesKnown: Rule = (cluster) => {
  const { maxHourlyCost } = cluster.autoscaling ?? {};
  const unknown = typesWithoutPrice(cluster);
  return issueIf(maxHourlyCost !== undefined && unknown.length > 0, {
    path: "autoscaling.maxHourlyCost",
    value: maxHourlyCost,
    expected: `no limit, because the price of ${unknown.join(", ")} in ${cluster.region} is not known`,
    hint: `add what an instance costs in an hour: prices: { "${unknown[0]}": USD }, or remove maxHourlyCost`,
  });
};

/** The limit of the cost allows the scheduler, and the minimum and first sizes of all pools. */
export const costWithinLimit: Rule = (cluster) => {
  const { maxHourlyCost } = cluster.autoscaling ?? {};
  const scheduler = priceOf(cluster, cluster.scheduler.instanceType);
  const first = cluster.pools.map(
    ({ instanceTypes, desiredSize }) => desiredSize * (highestPrice(cluster, instanceTypes) ?? Number.NaN),
  );
  const least = first.reduce((total, cost) => total + cost, scheduler ?? Number.NaN);
  return issueIf(maxHourlyCost !== undefined && maxHourlyCost < least, {
    path: "autoscaling.maxHourlyCost",
    value: maxHourlyCost,
    expected: `at least ${Math.ceil(least * 100) / 100}, the cost of the scheduler and of desiredSize of all pools`,
    hint: "raise maxHourlyCost, lower desiredSize or minSize of a pool, or choose cheaper instance types",
  });
};

/** Pools on AWS do not lose nodes within a minute. */
const idleTimeouts: Rule = eachPool(({ idleTimeout }, path) =>
  issueIf(idleTimeout < MIN_IDLE_SECONDS_ON_AWS, {
    path: `${path}.idleTimeout`,
    value: idleTimeout,
    expected: "at least 1 minute on AWS: an instance needs most of it to start",
    hint: "raise idleTimeout; only a local cluster may have less",
  }),
);

/**
 * Checks how the pools of a cluster on AWS scale. `defineCluster` cannot check this, because it does not know whether the
 * cluster is deployed on AWS.
 *
 * @throws ValidationError with every issue
 */
export function checkScalingOnAws(cluster: ResolvedCluster): void {
  const issues = idleTimeouts(cluster);
  if (issues.length > 0) throw new ValidationError(cluster.name, issues);
}

/** Returns the field of the pools that a limit has to allow, with its sum. */
function leastNodes(pools: ResolvedCluster["pools"], maxNodes: number): readonly [string, number] {
  // A size above maxSize is the issue of another rule.
  const sum = (field: "minSize" | "desiredSize") =>
    pools.reduce((total, pool) => total + Math.min(pool[field], pool.maxSize), 0);
  return sum("minSize") > maxNodes ? ["minSize", sum("minSize")] : ["desiredSize", sum("desiredSize")];
}
