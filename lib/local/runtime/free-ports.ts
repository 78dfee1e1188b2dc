import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import { LOOPBACK, type LocalPorts } from "../ports";
import { listenerOf } from "./listener";

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
