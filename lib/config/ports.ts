import { maxProcesses } from "./processes";
import type { ResolvedCluster } from "./resolved-cluster";

/** An inclusive range of TCP ports. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The TCP ports of every cluster. Everything Dask lets us pin is pinned here and in `workerPorts`; what it does not (the
 * nannies of `dask cuda worker`, the dashboards of a second worker process) takes a port from `ephemeral`, which every node
 * sets as its `net.ipv4.ip_local_port_range`.
 */
export const PORTS = {
  /** Scheduler: workers and clients connect here (Dask's default). */
  scheduler: { from: 8786, to: 8786 },
  /** Scheduler's dashboard, `/metrics` and `/health` (Dask's default); with TLS it is behind a door that asks who is there. */
  dashboard: { from: 8787, to: 8787 },
  /** Dask's own HTTP server behind that door, on the scheduler's loopback interface alone. */
  schedulerHttp: { from: 8788, to: 8788 },
  /** SSH, where a definition asks for it. */
  ssh: { from: 22, to: 22 },
  /** First worker process of a machine: its dashboard and `/metrics`. */
  workerDashboard: { from: 8790, to: 8790 },
  /** What a machine may hand out by itself. */
  ephemeral: { from: 32768, to: 40959 },
} as const satisfies Record<string, PortRange>;

/** First ports of worker processes and of nannies, and the least number of ports of each. */
const FIRST_WORKER = 9000;
const FIRST_NANNY = 9100;
const MIN_PORTS = 64;

/**
 * Ports of a cluster's worker processes, which other workers and the scheduler connect to, and of their nannies, which the
 * scheduler connects to in order to restart a worker: one each for every process of the node that has the most. Dask divides a
 * range among the processes, so fewer processes have several ports each.
 */
export function workerPorts({
  pools,
}: Pick<ResolvedCluster, "pools">): Readonly<Record<"worker" | "nanny", PortRange>> {
  const ports = Math.max(MIN_PORTS, ...pools.map(maxProcesses));
  const worker = { from: FIRST_WORKER, to: FIRST_WORKER + ports - 1 };
  const from = Math.max(FIRST_NANNY, worker.to + 1);
  return { worker, nanny: { from, to: from + ports - 1 } };
}

/** The range in the form that Dask's command line takes: `9000:9063`, or `8786` for a single port. */
export function portArgument({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}:${to}`;
}
