/** An inclusive range of TCP ports. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The TCP ports of a cluster. Everything Dask lets us pin is pinned here; what it does not (the nannies of
 * `dask cuda worker`, the dashboards of a second worker process) takes a port from `ephemeral`, which every
 * machine sets as its `net.ipv4.ip_local_port_range`.
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
  /** Worker processes: other workers and the scheduler connect here. */
  worker: { from: 9000, to: 9063 },
  /** Nannies: the scheduler connects here to restart a worker. */
  nanny: { from: 9100, to: 9163 },
  /** What a machine may hand out by itself. */
  ephemeral: { from: 32768, to: 40959 },
} as const satisfies Record<string, PortRange>;

/** The range in the form that Dask's command line takes: `9000:9063`, or `8786` for a single port. */
export function portArgument({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}:${to}`;
}
