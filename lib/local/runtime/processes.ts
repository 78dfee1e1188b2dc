import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import type { LocalPaths } from "../paths";

const MARK = "CDKTF_DASK_LOCAL_STACK";

/** Seconds between asking a process to end and ending it. */
const GRACE = 20;

/**
 * Every process of a local stack carries this variable, and its children inherit it. So they are found even
 * where their supervisor was killed, and a process that happens to have an old number is never mistaken.
 */
export function mark(paths: LocalPaths): Readonly<Record<string, string>> {
  return { [MARK]: paths.root };
}

/** Numbers of the processes that belong to a local stack, other than this one. */
export function processesOf(paths: LocalPaths): number[] {
  return [...environments()]
    .filter(([pid, environment]) => pid !== process.pid && environment.includes(`\0${MARK}=${paths.root}\0`))
    .map(([pid]) => pid);
}

/** Which processes of a local stack are left, as the end of a sentence. */
export function whatIsLeft(paths: LocalPaths): string {
  const left = processesOf(paths);
  return left.length === 0 ? "nothing is left running" : `processes ${left.join(", ")} are still running`;
}

/** Process of the supervisor, or `undefined` if the PID in its file is not that of a process of this stack. */
export function supervisorOf(paths: LocalPaths): number | undefined {
  const pid = Number(readIfPossible(paths.supervisorPid));
  return processesOf(paths).find((candidate) => candidate === pid);
}

/**
 * Ends every process of a local stack: the supervisor first, as it ends its programs in order, then whatever is
 * left, at last without asking.
 *
 * @throws LocalStackError when a process is still there after all of that
 */
export async function endProcesses(paths: LocalPaths): Promise<void> {
  const supervisor = supervisorOf(paths);
  const first = supervisor === undefined ? processesOf(paths) : [supervisor];
  send("SIGTERM", first);
  // A process that was stopped (Ctrl-Z) takes the signal once it goes on.
  send("SIGCONT", first);
  if (await gone(paths, GRACE)) return;
  send("SIGKILL", processesOf(paths));
  if (await gone(paths, GRACE)) return;
  throw new LocalStackError(`processes ${processesOf(paths).join(", ")} do not end; end them with kill -9`);
}

async function gone(paths: LocalPaths, seconds: number): Promise<boolean> {
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

/** Environments of the processes that this user may look into, with a NUL before and after each variable. */
function* environments(): Generator<[pid: number, environment: string]> {
  if (!existsSync("/proc/self/environ")) {
    // macOS; BSD's `e` appends the environment to the command.
    const lines = execFileSync("ps", ["axeww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
    for (const line of lines) yield [Number.parseInt(line, 10), `${line} `.replaceAll(/ (?=\w+=|$)/g, "\0")];
    return;
  }
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      yield [Number(pid), `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`];
    } catch {
      // The process has just ended, or belongs to another user.
    }
  }
}
