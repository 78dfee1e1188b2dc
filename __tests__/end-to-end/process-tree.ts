import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Kills a process with all its descendants, like a power loss. It suspends them first, so that none reacts to the end of
 * another one. Processes that have left the tree (a supervisor in the background) continue.
 */
export async function killTree(root: number): Promise<void> {
  const stopped = new Set<number>();
  for (;;) {
    const running = descendants(root).filter((pid) => !stopped.has(pid));
    if (running.length === 0) break;
    for (const pid of running) {
      send(pid, "SIGSTOP");
      stopped.add(pid);
    }
    await sleep(10);
  }
  for (const pid of stopped) send(pid, "SIGKILL");
}

/** Returns the PIDs of a process and its descendants; empty if it has ended. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  let exists = false;
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      // proc_pid_stat(5): after the command in parentheses come the state and the parent.
      const [state, parent] = (readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1) ?? "").split(
        " ",
      );
      if (Number(name) === root) exists = state !== "Z";
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
    } catch {
      // It has ended.
    }
  }
  const found = exists ? [root] : [];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
