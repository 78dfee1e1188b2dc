import { setTimeout as sleep } from "node:timers/promises";
import { acquireLock, LockedError } from "./lock.cjs";

/** Milliseconds between two attempts. */
const PAUSE = 200;

/**
 * Takes a lock until this process ends, and waits for it while another process has it.
 *
 * @param directory the lock's
 * @param command what this process does
 * @param seconds longest wait
 * @param signal ends the wait
 * @throws LockedError when another process still has the lock at the end
 */
export async function holdLock(
  directory: string,
  command: string,
  seconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      acquireLock(directory, command);
      return;
    } catch (error) {
      if (!(error instanceof LockedError) || Date.now() >= deadline) throw error;
      await sleep(PAUSE, undefined, { signal });
    }
  }
}
