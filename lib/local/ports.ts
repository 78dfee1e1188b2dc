import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { LocalStackError } from "./error";
import { readIfPossible } from "./files";

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

/** Ports of `--ports auto`: below Linux's first ephemeral port (32768, ip-sysctl), and above well-known services. */
const AUTO = { from: 10_000, pairs: 2_000, step: 10 };

/**
 * A pair of ports that are free. Each project starts to look at a place of its own, so that two that start at the same
 * moment do not take the same pair, and one that starts again gets its pair again.
 *
 * @param project path of the project
 */
export async function freePorts(project: string): Promise<LocalPorts> {
  const start = createHash("sha256").update(project).digest().readUInt32BE() % AUTO.pairs;
  for (let index = 0; index < AUTO.pairs; index++) {
    const scheduler = AUTO.from + ((start + index) % AUTO.pairs) * AUTO.step;
    const ports = { scheduler, dashboard: scheduler + 1 };
    if ((await isFree(ports.scheduler)) && (await isFree(ports.dashboard))) return ports;
  }
  throw new LocalStackError(`no free ports from ${AUTO.from} on`);
}

/**
 * Makes sure that both ports are free.
 *
 * @throws LocalStackError that names each port that is taken and, where it can be known, the process that has it
 */
export async function refuseTakenPorts(ports: LocalPorts): Promise<void> {
  const taken: string[] = [];
  for (const [use, port] of Object.entries(ports)) {
    if (!(await isFree(port))) taken.push(`port ${port} (${use}) is taken by ${describeListener(port)}`);
  }
  if (taken.length > 0)
    throw new LocalStackError(
      taken.join("; "),
      undefined,
      "Hint: end it, or choose other ports: npm start -- --ports auto, or " +
        "npm start -- --scheduler-port 8796 --dashboard-port 8797",
    );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, LOOPBACK), "listening");
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return false;
    throw new LocalStackError(`port ${port} cannot be used (${code}); choose one above 1023`);
  } finally {
    server.close();
  }
}

function describeListener(port: number): string {
  const pid = listenerOf(port);
  if (pid === undefined || pid === "unknown") return "another process";
  const command = readIfPossible(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim();
  return `process ${pid}${command ? ` (${command})` : ""}`;
}

/**
 * Process that listens on a port: `undefined` if there is none that this user can see, `unknown` where the system does
 * not tell. Linux lists the listening sockets in /proc/net, and each process's sockets among its open files.
 */
export function listenerOf(port: number): number | "unknown" | undefined {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"]
    .map(readIfPossible)
    .filter((table) => table !== undefined);
  if (tables.length === 0) return "unknown";
  const sockets = tables
    .flatMap((table) => table.trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local = "", , state]) => state === "0A" && Number.parseInt(local.split(":")[1] ?? "", 16) === port,
    )
    .map((fields) => `socket:[${fields[9]}]`);
  if (sockets.length === 0) return undefined;
  const pid = readdirSync("/proc").find(
    (name) => /^\d+$/.test(name) && openFiles(name).some((file) => sockets.includes(file)),
  );
  return pid === undefined ? undefined : Number(pid);
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}
