import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalStackError } from "./error";
import type { LocalPaths } from "./paths";

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
    .filter(([pid, entries]) => pid !== process.pid && entries.includes(`${MARK}=${paths.root}`))
    .map(([pid]) => pid);
}

/** Whether the supervisor that left its number behind is the one that runs. */
export function isAlive(paths: LocalPaths): boolean {
  const pid = existsSync(paths.supervisorPid)
    ? Number(readFileSync(paths.supervisorPid, "utf8"))
    : Number.NaN;
  return processesOf(paths).includes(pid);
}

/**
 * Ends every process of a local stack: the supervisor first, as it ends its programs in order, then whatever is
 * left, at last without asking.
 *
 * @throws LocalStackError when a process is still there after all of that
 */
export async function endProcesses(paths: LocalPaths): Promise<void> {
  const supervised = isAlive(paths);
  send("SIGTERM", supervised ? [Number(readFileSync(paths.supervisorPid, "utf8"))] : processesOf(paths));
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

/** Environments of the processes that this user may look into. */
function* environments(): Generator<[pid: number, entries: readonly string[]]> {
  if (!existsSync("/proc/self/environ")) {
    // macOS; BSD's `e` appends the environment to the command.
    const lines = execFileSync("ps", ["axeww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
    for (const line of lines) yield [Number.parseInt(line, 10), line.split(" ")];
    return;
  }
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      yield [Number(pid), readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")];
    } catch {
      // It has just ended, or belongs to somebody else.
    }
  }
}
