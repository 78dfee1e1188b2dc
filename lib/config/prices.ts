import table from "./prices.json";
import type { ResolvedCluster } from "./resolved-cluster";

/** On-demand prices of Linux instances in a region, which `scripts/prices.py` writes and describes. */
interface PriceList {
  /** Day on which AWS had these prices, such as `2026-07-20`. */
  readonly date: string;
  readonly source: string;
  /** USD per hour, by family and size. */
  readonly usdPerHour: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const PRICE_LISTS: Readonly<Record<string, PriceList | undefined>> = table;

/** What decides the price of an instance. */
type Priced = Pick<ResolvedCluster, "prices" | "region">;

/**
 * Returns the on-demand price of an instance type in USD per hour: that of the definition, otherwise that of `prices.json`.
 *
 * @returns `undefined` if it is not known
 */
export function priceOf({ prices, region }: Priced, instanceType: string): number | undefined {
  const [family = "", size = ""] = instanceType.split(".", 2);
  const sizes = own(own(PRICE_LISTS, region)?.usdPerHour, family);
  return own(prices, instanceType) ?? own(sizes, size);
}

/**
 * Returns the on-demand price of the most expensive of some instance types in USD per hour, or `undefined` if that of one is not
 * known.
 */
export function highestPrice(cluster: Priced, instanceTypes: readonly string[]): number | undefined {
  const found = instanceTypes.map((type) => priceOf(cluster, type));
  return found.every((price) => price !== undefined) ? Math.max(...found) : undefined;
}

/** Returns the property of an object, if the object has it. */
function own<T>(values: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return values && Object.hasOwn(values, name) ? values[name] : undefined;
}
