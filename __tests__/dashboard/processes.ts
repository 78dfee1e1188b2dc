import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Seconds after which a process ends, even if its test was killed. */
const LIFETIME = 900;

/** Maximum wait for a process, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Starts a program in a new process group, with its output in a file. */
export function start(
  log: string,
  environment: Readonly<Record<string, string>>,
  ...argv: string[]
): ChildProcess {
  const output = openSync(log, "w");
  return spawn("timeout", ["--kill-after=5", String(LIFETIME), ...argv], {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ["pipe", output, output],
  });
}

/** Ends a program and its children; kills them if they do not end within five seconds. */
export async function end(program: ChildProcess): Promise<void> {
  const { pid } = program;
  if (pid === undefined || program.exitCode !== null || program.signalCode !== null) return;
  const ended = new Promise((resolve) => program.once("exit", resolve));
  process.kill(-pid, "SIGTERM");
  await ended;
}

/** Waits until a condition holds; the error contains the output of the program. */
export async function until(what: string, log: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline)
      throw new Error(`${what} after ${TIMEOUT_MS} ms:\n${readFileSync(log, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ports of 127.0.0.1 that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
