import { highestPrice, priceOf } from "./prices";
import type { ResolvedCluster } from "./resolved-cluster";

/** Numbers of nodes: at least, at the first deployment, and at most. */
export interface NodeCounts {
  readonly min: number;
  readonly desired: number;
  readonly max: number;
}

/** What the instances of the scheduler or of a pool cost on demand. */
export interface NodeCost {
  /** `scheduler`, or `pool` with its name. */
  readonly name: string;
  readonly nodes: NodeCounts;
  /** The most expensive of the instance types; `undefined` if the price of one is not known. */
  readonly instanceType: string | undefined;
  /** USD an hour of one instance of this type; `undefined` as before. */
  readonly usdPerHour: number | undefined;
}

/** Returns the cost of the scheduler and of each pool, all on demand: spot instances cost less. */
export function nodeCosts(cluster: ResolvedCluster): readonly NodeCost[] {
  const cost = (name: string, nodes: NodeCounts, types: readonly string[]): NodeCost => {
    const usdPerHour = highestPrice(cluster, types);
    const instanceType = types.find(
      (type) => usdPerHour !== undefined && priceOf(cluster, type) === usdPerHour,
    );
    return { name, nodes, instanceType, usdPerHour };
  };
  const { scheduler, pools } = cluster;
  return [
    cost("scheduler", { min: 1, desired: 1, max: 1 }, [scheduler.instanceType]),
    ...pools.map(({ name, minSize: min, desiredSize: desired, maxSize: max, instanceTypes }) =>
      cost(`pool ${name}`, { min, desired, max }, instanceTypes),
    ),
  ];
}

/** Returns the instance types of a cluster whose price is not known. */
export function typesWithoutPrice(cluster: ResolvedCluster): readonly string[] {
  const { scheduler, pools } = cluster;
  const types = new Set([scheduler.instanceType, ...pools.flatMap(({ instanceTypes }) => instanceTypes)]);
  return [...types].filter((type) => priceOf(cluster, type) === undefined);
}
