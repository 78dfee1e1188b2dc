import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import type { LocalPaths } from "../paths";

const MARKER_VARIABLE = "CDKTF_DASK_LOCAL_STACK";

/** Seconds between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 20;

/**
 * Returns the environment variable that marks a process of a local cluster. Children inherit it, so processes are found even
 * after their supervisor was killed, and a process that reuses a PID is not mistaken for one of them.
 */
export function processMarker(paths: LocalPaths): Readonly<Record<string, string>> {
  return { [MARKER_VARIABLE]: paths.root };
}

/** PIDs of the processes of a local cluster, without this process. */
export function processesOf(paths: LocalPaths): number[] {
  return [...environments()]
    .filter(
      ([pid, environment]) =>
        pid !== process.pid && environment.includes(`\0${MARKER_VARIABLE}=${paths.root}\0`),
    )
    .map(([pid]) => pid);
}

/** Describes the remaining processes of a local cluster, as the end of a sentence. */
export function describeRemaining(paths: LocalPaths): string {
  const remaining = processesOf(paths);
  return remaining.length === 0
    ? "no process is running"
    : `processes ${remaining.join(", ")} are still running`;
}

/**
 * Returns the PID of the supervisor, or `undefined` if its PID file does not contain the PID of a process of this cluster.
 *
 * @param pids the processes of this cluster
 */
export function supervisorOf(paths: LocalPaths, pids = processesOf(paths)): number | undefined {
  const pid = Number(readIfPossible(paths.supervisorPid));
  return pids.find((candidate) => candidate === pid);
}

/**
 * Ends all processes of a local cluster: the supervisor, which ends its programs in order, or all processes if there is no
 * supervisor. Kills those that remain after 20 s.
 *
 * @throws LocalStackError if a process still remains
 */
export async function endProcesses(paths: LocalPaths): Promise<void> {
  const pids = processesOf(paths);
  const supervisor = supervisorOf(paths, pids);
  const first = supervisor === undefined ? pids : [supervisor];
  send("SIGTERM", first);
  // A suspended process (Ctrl-Z) only handles the signal after it continues.
  send("SIGCONT", first);
  if (await waitForEnd(paths, GRACE_SECONDS)) return;
  send("SIGKILL", processesOf(paths));
  if (await waitForEnd(paths, GRACE_SECONDS)) return;
  throw new LocalStackError(`processes ${processesOf(paths).join(", ")} do not end. Hint: kill -9`);
}

async function waitForEnd(paths: LocalPaths, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (processesOf(paths).length > 0) {
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}

function send(signal: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Environments of the processes that this user can read, with a NUL before and after each variable. */
function* environments(): Generator<[pid: number, environment: string]> {
  if (!existsSync("/proc/self/environ")) {
    // macOS: the option `e` of BSD's ps appends the environment to the command.
    const lines = execFileSync("ps", ["axeww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
    for (const line of lines) yield [Number.parseInt(line, 10), `${line} `.replaceAll(/ (?=\w+=|$)/g, "\0")];
    return;
  }
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      yield [Number(pid), `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`];
    } catch {
      // The process has ended, or belongs to another user.
    }
  }
}
