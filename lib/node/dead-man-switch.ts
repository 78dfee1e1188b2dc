import type { ResolvedCluster } from "../config/resolved-cluster";
import { resourceName } from "./names";

/** Metric that the autoscaler publishes every minute; `cdktf_dask.autoscaler.dead_man_switch` has the same name and period. */
export const HEARTBEAT = "AutoscalerHeartbeat";

/** Period of the heartbeat in seconds. */
export const HEARTBEAT_SECONDS = 60;

/** Returns the namespace of the metrics that nodes of a cluster publish in CloudWatch. */
export function metricNamespace({ name }: Pick<ResolvedCluster, "name">): string {
  return `Dask/${name}`;
}

/** Returns the name of the alarm that ends the instances of a pool, and of its scaling policy. */
export function deadManAlarm(cluster: Pick<ResolvedCluster, "name">, pool: string): string {
  return resourceName(cluster, pool, "dead-man-switch");
}

/** The dead man's switch in the settings of the autoscaler. */
export interface DeadManSwitchSettings {
  readonly region: string;
  readonly namespace: string;
  /** Names of the alarms. */
  readonly alarms: readonly string[];
}

/** Returns the settings of the dead man's switch; `null` for a cluster without it. */
export function deadManSwitchSettings(cluster: ResolvedCluster): DeadManSwitchSettings | null {
  if (!cluster.autoscaling?.deadManSwitch) return null;
  return {
    region: cluster.region,
    namespace: metricNamespace(cluster),
    alarms: cluster.pools.map(({ name }) => deadManAlarm(cluster, name)),
  };
}
