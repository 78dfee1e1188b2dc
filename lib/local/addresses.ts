import { protocol } from "../config/protocol";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { LOOPBACK, type LocalPorts } from "./ports";

/** Address of the local scheduler for clients and workers: never UCX, which would need its wheels and a GPU. */
export function schedulerAddress({ tls }: ResolvedCluster, { scheduler }: LocalPorts): string {
  return `${protocol({ tls, ucx: false })}://${LOOPBACK}:${scheduler}`;
}

/** URL of the local cluster's dashboard. */
export function dashboardLink({ dashboard }: LocalPorts): string {
  return `http://${LOOPBACK}:${dashboard}/status`;
}

/** Port of the metrics of a local cluster's autoscaler: the second one after those of scheduler and dashboard. */
export function autoscalerPort({ scheduler, dashboard }: LocalPorts): number {
  return Math.max(scheduler, dashboard) + 2;
}
