import type { ResolvedCluster } from "../config/resolved-cluster";
import { PROMETHEUS_PATH } from "../node/monitoring/prometheus";
import { LOOPBACK, type LocalPorts } from "./ports";

/** Port of a local cluster's Prometheus: the one after those of scheduler and dashboard. */
export function monitoringPort({ scheduler, dashboard }: LocalPorts): number {
  return Math.max(scheduler, dashboard) + 1;
}

/** URL of a local cluster's Prometheus; `undefined` if its definition does not ask for it. */
export function monitoringLink({ monitoring }: ResolvedCluster, ports: LocalPorts): string | undefined {
  return monitoring?.requested ? `http://${LOOPBACK}:${monitoringPort(ports)}${PROMETHEUS_PATH}` : undefined;
}
