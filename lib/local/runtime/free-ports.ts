import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import { LOOPBACK, type LocalPorts } from "../ports";
import { listenerOf } from "./listener";

/** Ports of `--ports auto`: above well-known services and below the first ephemeral port of Linux (32768, ip-sysctl). */
const AUTO = { from: 10_000, pairs: 2_000, step: 10 };

/**
 * Returns two free ports. The search starts at a port derived from the project, so that a project gets the same ports again,
 * and two projects that start at the same time get different ones.
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
  throw new LocalStackError(
    `no free ports: all from ${AUTO.from} to ${AUTO.from + AUTO.pairs * AUTO.step} are in use`,
  );
}

/**
 * Checks that ports are free.
 *
 * @param ports ports by their use
 *
 * @throws LocalStackError with each port that is in use and, if known, the process that listens on it
 */
export async function checkPortsFree(ports: Readonly<Record<string, number>>): Promise<void> {
  const used: string[] = [];
  for (const [use, port] of Object.entries(ports)) {
    if (!(await isFree(port))) used.push(`port ${port} (${use}) is in use by ${describeListener(port)}`);
  }
  if (used.length > 0)
    throw new LocalStackError(
      used.join("; "),
      "Hint: stop it, or choose other ports: npm start -- --ports auto, or " +
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
    throw new LocalStackError(`port ${port} cannot be used (${code}). Hint: choose a port above 1023`);
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
