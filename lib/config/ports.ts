import { maxProcesses } from "./processes";
import type { ResolvedCluster } from "./resolved-cluster";

/** Range of TCP ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * TCP ports of every cluster, next to `workerPorts`. Listeners whose port Dask cannot pin (the nannies of
 * `dask cuda worker`, the dashboards of a second worker process) take one of `ephemeral`, the
 * `net.ipv4.ip_local_port_range` of every node.
 */
export const PORTS = {
  /** Scheduler, for workers and clients (default of Dask). */
  scheduler: { from: 8786, to: 8786 },
  /**
   * Dashboard, `/metrics` and `/health` (default of Dask). With TLS, the dashboard proxy listens here and requires a
   * password.
   */
  dashboard: { from: 8787, to: 8787 },
  /** With TLS, HTTP server of the scheduler behind the dashboard proxy; listens on the loopback interface only. */
  schedulerHttp: { from: 8788, to: 8788 },
  /** SSH, if the definition enables it. */
  ssh: { from: 22, to: 22 },
  /** Dashboard and `/metrics` of the first worker process of a node. */
  workerDashboard: { from: 8790, to: 8790 },
  /** Prometheus and Alertmanager on the scheduler's node (their defaults); listen on the loopback interface only. */
  prometheus: { from: 9090, to: 9090 },
  alertmanager: { from: 9093, to: 9093 },
  /** Metrics of the autoscaler; listens on the loopback interface only. */
  autoscaler: { from: 8791, to: 8791 },
  /** Ports that the kernel of a node assigns. */
  ephemeral: { from: 32768, to: 40959 },
} as const satisfies Record<string, PortRange>;

/** First ports of worker processes and of nannies, and the minimum number of ports of each. */
const FIRST_WORKER = 9000;
const FIRST_NANNY = 9100;
const MIN_PORTS = 64;

/**
 * Returns the ports of worker processes, for connections of other workers and of the scheduler, and of their nannies,
 * through which the scheduler restarts workers. Each range has a port for every process of the node with the most
 * processes. Dask divides a range among the processes of a node.
 */
export function workerPorts({
  pools,
}: Pick<ResolvedCluster, "pools">): Readonly<Record<"worker" | "nanny", PortRange>> {
  const ports = Math.max(MIN_PORTS, ...pools.map(maxProcesses));
  const worker = { from: FIRST_WORKER, to: FIRST_WORKER + ports - 1 };
  const from = Math.max(FIRST_NANNY, worker.to + 1);
  return { worker, nanny: { from, to: from + ports - 1 } };
}

/** Formats a range for the command line of Dask: `9000:9063`, or `8786` for a single port. */
export function portArgument({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}:${to}`;
}
