import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { table } from "./written-table";

/**
 * Prices in USD without tax for eu-central-1, on demand. They were entered from memory of AWS's price pages in
 * November 2026 and not looked up; docs/costs.md says so, and how to get today's prices from AWS.
 */
export const PRICES = {
  region: "eu-central-1",
  /** One instance of the size `large`, an hour; larger sizes of these families cost in proportion. */
  largePerHour: { m5: 0.115, m5d: 0.136, m6i: 0.115, m6id: 0.142, m7i: 0.121, r6id: 0.182 },
  /** Types that do not cost in proportion, an hour. */
  typePerHour: { "g5.xlarge": 1.258, "g5.2xlarge": 1.516, "g6.xlarge": 1.006, "g6.2xlarge": 1.222 },
  gp3PerGibMonth: 0.0952,
  natPerHour: 0.052,
  publicAddressPerHour: 0.005,
  detailedMonitoringPerMonth: 2.1,
  /** For each metric of an alarm. */
  alarmMetricPerMonth: 0.1,
  keyPerMonth: 1,
  secretPerMonth: 0.4,
  hostedZonePerMonth: 0.5,
} as const;

/** Hours of a month in the AWS Pricing Calculator. */
const HOURS = 730;

/** Returns the cost of clusters in USD a month, with all pools at zero and at their maximum size. */
export function costTable(clusters: Readonly<Record<string, ResolvedCluster>>): string {
  const usd = (amount: number) => `${Math.round(amount).toLocaleString("en")} USD`;
  return table(
    ["environment", "pools at zero", "pools at maximum size, all on demand"],
    Object.entries(clusters).map(([name, cluster]) => [
      `\`${name}\``,
      usd(fixed(cluster)),
      usd(fixed(cluster) + pools(cluster)),
    ]),
  );
}

/** The cost that does not depend on the size of the pools. */
export function fixed(cluster: ResolvedCluster): number {
  const { network, scheduler, tls } = cluster;
  const zones = network.zones.length;
  const nats = { none: 0, single: 1, "per-zone": zones }[network.nat];
  if (network.endpoints) throw new Error("interface endpoints have no price; add it to costs.ts");
  return (
    instance(scheduler.instanceType, scheduler.diskGiB) +
    nats * (PRICES.natPerHour + PRICES.publicAddressPerHour) * HOURS +
    PRICES.keyPerMonth +
    PRICES.hostedZonePerMonth +
    alarmMetrics(cluster) * PRICES.alarmMetricPerMonth +
    // One secret each for the CA, workers, clients and the dashboard.
    (tls ? 4 : 0) * PRICES.secretPerMonth
  );
}

/**
 * The metrics of all alarms: one for each status check of the scheduler, two for missing instances, one for interruptions, and one
 * for each dead man's switch.
 */
export function alarmMetrics({ autoscaling, monitoring, pools }: ResolvedCluster): number {
  const spot = pools.filter(({ spotPercentage }) => spotPercentage > 0);
  return (
    (monitoring ? 2 + 2 * pools.length + spot.length : 0) + (autoscaling?.deadManSwitch ? pools.length : 0)
  );
}

/** The cost of all pools at their maximum size, with the first of their instance types. */
export function pools({ pools }: ResolvedCluster): number {
  return pools.reduce(
    (total, { instanceTypes, diskGiB, maxSize }) =>
      total + maxSize * instance(instanceTypes[0] ?? "", diskGiB),
    0,
  );
}

function instance(type: string, diskGiB: number): number {
  return hourly(type) * HOURS + diskGiB * PRICES.gp3PerGibMonth + PRICES.detailedMonitoringPerMonth;
}

function hourly(type: string): number {
  const [family = "", size = ""] = type.split(".");
  const large = (PRICES.largePerHour as Readonly<Record<string, number>>)[family];
  const times = size === "large" ? 1 : 2 * Number(/^(\d*)xlarge$/.exec(size)?.[1] || 1);
  const price = (PRICES.typePerHour as Readonly<Record<string, number>>)[type] ?? (large && large * times);
  if (price === undefined) throw new Error(`${type}: has no price; add it to costs.ts`);
  return price;
}
