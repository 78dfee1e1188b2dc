import type { Pool, ResolvedCluster } from "../../lib/config/resolved-cluster";
import { table } from "./written-table";

type Purchase = "on-demand" | "spot";

/** Quotas of EC2, in vCPUs (EC2 User Guide, "Amazon EC2 instance type quotas"; codes of Service Quotas). */
const QUOTAS = [
  { code: "L-1216C47A", purchase: "on-demand", families: "Standard" },
  { code: "L-34B43A08", purchase: "spot", families: "Standard" },
  { code: "L-DB2E81BA", purchase: "on-demand", families: "G and VT" },
  { code: "L-3819A6DF", purchase: "spot", families: "G and VT" },
  { code: "L-417A185B", purchase: "on-demand", families: "P" },
  { code: "L-7212CCBC", purchase: "spot", families: "P" },
] as const;

type Families = (typeof QUOTAS)[number]["families"];

/** Returns the vCPUs that a cluster needs of each quota, a row for each quota that it needs. */
export function quotaTable(clusters: Readonly<Record<string, ResolvedCluster>>): string {
  const rows = Object.entries(clusters).flatMap(([name, cluster]) =>
    QUOTAS.map((quota) => ({ name, ...quota, ...need(cluster, quota.purchase, quota.families) }))
      .filter(({ atMost }) => atMost > 0)
      .map(({ name, code, purchase, families, atFirst, atMost }) => [
        `\`${name}\``,
        `${families}, ${purchase}`,
        `\`${code}\``,
        atFirst,
        atMost,
      ]),
  );
  return table(["environment", "quota", "code", "vCPUs of the first deployment", "at maximum size"], rows);
}

/** vCPUs of a quota: for the first deployment, and with every pool at its maximum size. */
export function need(cluster: ResolvedCluster, purchase: Purchase, families: Families) {
  const pools = (size: (pool: Pool) => number) =>
    sum(
      cluster.pools.map(
        (pool) => instances(pool, size(pool), purchase) * largest(pool.instanceTypes, families),
      ),
    );
  const onDemand = purchase === "on-demand";
  const scheduler = onDemand ? largest([cluster.scheduler.instanceType], families) : 0;
  // Images are built at once and on demand, before the instances; pools that share an image are counted twice.
  const built = cluster.pools.filter(({ maxSize }) => maxSize > 0);
  const builders =
    onDemand && cluster.bakedImages
      ? scheduler + sum(built.map(({ instanceTypes }) => largest(instanceTypes, families)))
      : 0;
  return {
    atFirst: Math.max(builders, scheduler + pools(({ desiredSize }) => desiredSize)),
    atMost: Math.max(builders, scheduler + pools(({ maxSize }) => maxSize)),
  };
}

/** Instances of a pool that are on demand, or spot: Auto Scaling rounds the on-demand share up. */
function instances({ onDemandBase, spotPercentage }: Pool, size: number, purchase: Purchase): number {
  const base = Math.min(size, onDemandBase);
  const onDemand = base + Math.ceil(((size - base) * (100 - spotPercentage)) / 100);
  return purchase === "spot" ? size - onDemand : onDemand;
}

/** vCPUs of the largest type that the quota counts, because the pool may get any of its types. */
function largest(instanceTypes: readonly string[], families: Families): number {
  return Math.max(0, ...instanceTypes.filter((type) => familiesOf(type) === families).map(vcpus));
}

function familiesOf(instanceType: string): Families {
  if (/^(g|vt)\d/.test(instanceType)) return "G and VT";
  return /^p\d/.test(instanceType) ? "P" : "Standard";
}

/** vCPUs by the name of the size; every type of the examples follows the rule (EC2 Instance Types). */
export function vcpus(instanceType: string): number {
  const size = instanceType.split(".")[1] ?? "";
  if (size === "large") return 2;
  const times = /^(\d*)xlarge$/.exec(size);
  if (times === null)
    throw new Error(`${instanceType}: the vCPUs of this size are unknown; add the type to quotas.ts`);
  return 4 * Number(times[1] || 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
