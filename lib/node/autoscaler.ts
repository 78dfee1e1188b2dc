import type { Autoscaling } from "../config/autoscaling";
import { factsOf } from "../config/instance-types";
import { highestPrice, priceOf } from "../config/prices";
import { processesOn } from "../config/processes";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";
import { type DeadManSwitchSettings, deadManSwitchSettings } from "./dead-man-switch";

/** What starts and ends the nodes: programs of the local supervisor, or an Auto Scaling group for each pool. */
export type AutoscalerCapacity =
  | { readonly kind: "local"; readonly socket: string }
  | {
      readonly kind: "aws";
      readonly region: string;
      /** Names of the Auto Scaling groups, by pool. */
      readonly groups: Readonly<Record<string, string>>;
    };

/** A pool, and what a node of it has before one has joined. */
export interface ScalingPool {
  readonly pool: Pool;
  /** Worker processes of a node. */
  readonly workers: number;
  /** Threads of a worker process. */
  readonly threads: number;
  /** @default - that of the pool */
  readonly minSize?: number;
  /** @default - that of the pool */
  readonly maxSize?: number;
}

/** Where an autoscaler runs, and what it scales. */
export interface AutoscalerPlace {
  /** URL of the scheduler's HTTP server. */
  readonly scheduler: string;
  /** Address of the autoscaler's metrics, such as `127.0.0.1:8791`. */
  readonly metrics: string;
  readonly capacity: AutoscalerCapacity;
  readonly pools: readonly ScalingPool[];
  /**
   * ARN of the topic with alerts.
   *
   * @default - none: conditions are only logged
   */
  readonly alerts?: string;
}

/** Settings of the autoscaler: the JSON that `cdktf_dask.autoscaler.settings` reads. Durations are in seconds; `null`: off. */
export interface AutoscalerSettings {
  readonly cluster: string;
  readonly scheduler: string;
  readonly metrics: string;
  readonly capacity: AutoscalerCapacity;
  readonly limits: { readonly maxNodes: number; readonly maxHourlyCost: number | null };
  readonly keepResults: number | null;
  readonly hungAfter: number | null;
  readonly onHung: "report" | "stop";
  readonly pools: readonly PoolSettings[];
  readonly schedulerUsdPerHour: number | null;
  /** `null` for nodes on this computer. */
  readonly deadManSwitch: DeadManSwitchSettings | null;
  /** ARN of the topic with alerts. */
  readonly alerts: string | null;
}

/** A pool in the settings of the autoscaler. */
export interface PoolSettings {
  readonly name: string;
  /** Resources of a worker process. */
  readonly offers: Readonly<Record<string, number>>;
  /** Worker processes of a node. */
  readonly workers: number;
  /** Threads of a worker process. */
  readonly threads: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly idleTimeout: number;
  readonly targetDuration: number;
  readonly drainTimeout: number;
  /** Highest on-demand price of its instance types; `null` if one is unknown, and for nodes on this computer. */
  readonly usdPerHour: number | null;
  readonly gpu: boolean;
}

/** Returns the settings of the autoscaler of a cluster. The nodes of a local cluster cost nothing. */
export function autoscalerSettings(
  cluster: ResolvedCluster,
  autoscaling: Autoscaling,
  { scheduler, metrics, capacity, pools, alerts }: AutoscalerPlace,
): AutoscalerSettings {
  const priced = capacity.kind === "aws";
  const { maxNodes, maxHourlyCost, keepResults, hungAfter, onHung } = autoscaling;
  return {
    cluster: cluster.name,
    scheduler,
    metrics,
    capacity,
    limits: { maxNodes, maxHourlyCost: (priced ? maxHourlyCost : undefined) ?? null },
    keepResults: orNull(keepResults),
    hungAfter: orNull(hungAfter),
    onHung,
    pools: pools.map((one) => ({
      ...poolSettings(one),
      usdPerHour: (priced ? highestPrice(cluster, one.pool.instanceTypes) : undefined) ?? null,
    })),
    schedulerUsdPerHour: (priced ? priceOf(cluster, cluster.scheduler.instanceType) : undefined) ?? null,
    deadManSwitch: priced ? deadManSwitchSettings(cluster) : null,
    alerts: alerts ?? null,
  };
}

/**
 * Returns what a node of each pool on AWS has: that of its first instance type, which EC2 prefers. Other types may have more or
 * fewer threads; the autoscaler then asks for more or fewer nodes until the work is done.
 */
export function poolsOnAws({ pools }: ResolvedCluster): readonly ScalingPool[] {
  return pools.map((pool) => {
    const [type = ""] = pool.instanceTypes;
    const workers = processesOn(pool, type);
    const vcpus = factsOf(pool, type)?.vcpus ?? 1;
    // As cloud-init/base/instance-facts.sh divides them.
    return { pool, workers, threads: pool.threads ?? Math.max(1, Math.floor(vcpus / workers)) };
  });
}

function poolSettings({ pool, workers, threads, ...sizes }: ScalingPool): Omit<PoolSettings, "usdPerHour"> {
  const { name, minSize, maxSize, idleTimeout, targetDuration, drainTimeout } = pool;
  const offers = Object.entries(pool.resources).map(([resource, amount]) => [
    resource,
    amount === "threads" ? threads : amount,
  ]);
  return {
    name,
    offers: Object.fromEntries(offers),
    workers,
    threads,
    ...{ minSize, maxSize, ...sizes },
    ...{ idleTimeout, targetDuration, drainTimeout },
    gpu: pool.kind === "gpu",
  };
}

function orNull(seconds: number | false): number | null {
  return seconds === false ? null : seconds;
}
