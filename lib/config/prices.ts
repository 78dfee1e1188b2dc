import type { ResolvedCluster } from "./resolved-cluster";

/** What decides the price of an instance. */
type Priced = Pick<ResolvedCluster, "prices">;

/** Returns the on-demand price of an instance type in USD per hour, or `undefined` if it is not known. */
export function priceOf({ prices }: Priced, instanceType: string): number | undefined {
  return prices[instanceType];
}

/**
 * Returns the on-demand price of the most expensive of some instance types in USD per hour, or `undefined` if that of one is not
 * known.
 */
export function highestPrice(cluster: Priced, instanceTypes: readonly string[]): number | undefined {
  const found = instanceTypes.map((type) => priceOf(cluster, type));
  return found.every((price) => price !== undefined) ? Math.max(...found) : undefined;
}
