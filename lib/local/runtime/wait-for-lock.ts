import { setTimeout as sleep } from "node:timers/promises";
import { acquireLock, LockedError } from "./lock.cjs";

/** Milliseconds between two attempts. */
const RETRY_MS = 200;

/**
 * Takes a lock until this process ends. Waits while another process has it.
 *
 * @param directory directory of the lock
 * @param command command of this process, for the error of others
 * @param seconds maximum wait
 * @param signal cancels the wait
 * @throws LockedError if another process still has the lock after the wait
 */
export async function waitForLock(
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
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}
