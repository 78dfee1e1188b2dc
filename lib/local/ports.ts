import { LocalStackError } from "./error";

/** The only interface that a local cluster listens on. */
export const LOOPBACK = "127.0.0.1";

/** TCP ports of a local cluster. */
export interface LocalPorts {
  /** Port that workers and clients connect to. */
  readonly scheduler: number;
  /** Port of the dashboard. */
  readonly dashboard: number;
}

/** Environment variables that override the ports of the definition; `npm start -- --scheduler-port 8796` sets one. */
export const PORT_VARIABLES = {
  scheduler: "CDKTF_DASK_SCHEDULER_PORT",
  dashboard: "CDKTF_DASK_DASHBOARD_PORT",
} as const satisfies Record<keyof LocalPorts, string>;

/**
 * Returns the ports of the environment variables, or the given ones where a variable is not set.
 *
 * @throws LocalStackError if a variable is not a port, or both ports are the same
 */
export function chosenPorts(given: LocalPorts, env: NodeJS.ProcessEnv): LocalPorts {
  const port = (use: keyof LocalPorts) => {
    const text = env[PORT_VARIABLES[use]];
    if (!text) return given[use];
    if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535) return Number(text);
    throw new LocalStackError(`${PORT_VARIABLES[use]}: got '${text}', expected a port from 1 to 65535`);
  };
  const ports = { scheduler: port("scheduler"), dashboard: port("dashboard") };
  if (ports.scheduler === ports.dashboard)
    throw new LocalStackError(
      `ports: got ${ports.scheduler} for scheduler and dashboard, expected two ports. Hint: change one of them`,
    );
  return ports;
}
