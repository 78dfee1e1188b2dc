import { LocalStackError } from "./error";

/** The one interface that the local stack listens on. */
export const LOOPBACK = "127.0.0.1";

/** Ports that the local stack opens by number. */
export interface LocalPorts {
  /** Where workers and clients connect. */
  readonly scheduler: number;
  readonly dashboard: number;
}

/** Variables that choose the ports, and beat those of the definition. `npm start -- --scheduler-port 8796` sets one. */
export const PORT_VARIABLES = {
  scheduler: "CDKTF_DASK_SCHEDULER_PORT",
  dashboard: "CDKTF_DASK_DASHBOARD_PORT",
} as const satisfies Record<keyof LocalPorts, string>;

/**
 * Ports of a stack: those of the variables, otherwise the given ones.
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
      `scheduler and dashboard cannot share port ${ports.scheduler}; choose two ports`,
    );
  return ports;
}
