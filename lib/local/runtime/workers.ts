import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { POOL_SEPARATOR } from "../../node/services";
import { LocalStackError } from "../error";
import { readJson } from "../files";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";
import { errorFromLog } from "./error-from-log";
import type { Expectation } from "./expectation";
import type { Run } from "./running";
import { programLog } from "./supervisor";
import type { Task } from "./task";

/** Least seconds within which every worker must be registered; five are usual for a few of them on two idle cores. */
const DEADLINE = 180;

/** Seconds for each of many workers: nanny and worker take 1.7 s of CPU time to start (measured), on cores that may be busy. */
const DEADLINE_EACH = 6;

/** Seconds within which so many workers must be registered. */
export function registrationDeadline(workers: number): number {
  return Math.max(DEADLINE, DEADLINE_EACH * workers);
}

/** Seconds between two looks, between two checks of the programs, and between two lines where nothing changes. */
const LOOK_SECONDS = 0.5;
const PROGRAM_CHECK_SECONDS = 2;
const SAY_SECONDS = 5;

/**
 * Waits until each pool has its workers.
 *
 * @param address the scheduler's
 * @param checkPrograms fails if a program has ended
 * @throws LocalStackError when a program ends or the deadline passes, with the log of what is missing
 */
export async function waitForWorkers(
  task: Task,
  expected: Expectation,
  address: string,
  ports: LocalPorts,
  checkPrograms: () => Promise<void>,
): Promise<void> {
  const started = Date.now();
  const deadline = registrationDeadline(expected.pools.reduce((sum, { workers }) => sum + workers, 0));
  const last = { line: "", at: 0 };
  let lastCheck = started;
  for (;;) {
    const isCheckDue = Date.now() - lastCheck >= PROGRAM_CHECK_SECONDS * 1000;
    if (isCheckDue) lastCheck = Date.now();
    const [registered] = await Promise.all([
      registeredPools(address, ports, task.signal),
      isCheckDue ? checkPrograms() : undefined,
    ]);
    const missing = expected.pools.filter(({ name, workers }) => count(registered, name) < workers);
    const line = progress(expected, registered);
    if (line !== last.line || Date.now() - last.at >= SAY_SECONDS * 1000) {
      task.say(line);
      Object.assign(last, { line, at: Date.now() });
    }
    if (registered !== undefined && missing.length === 0) return;
    if (Date.now() - started > deadline * 1000) {
      const name =
        registered === undefined ? "dask-scheduler" : `${missing[0]?.name}${POOL_SEPARATOR}local-0`;
      throw errorFromLog(`${line} after ${deadline} s`, programLog({ name }, task.paths));
    }
    await sleep(LOOK_SECONDS * 1000, undefined, { signal: task.signal });
  }
}

/** Seconds in which the workers of a cluster that runs must be there; a worker that ends is started again in two. */
const RESTART_DEADLINE = 15;

/** The part of `Expectation` that says how many workers there are. */
const EXPECTED = z.object({ pools: z.array(z.object({ workers: z.number() })) });

/** Workers of a cluster that runs, as many as are registered and as many as there should be. */
export interface WorkerCount {
  readonly registered: number;
  readonly expected: number;
}

/**
 * Counts the workers of a run until all are there, for some seconds. `undefined` if the scheduler does not answer: it may
 * have much to do.
 *
 * @param seconds how long to wait for workers that are missing
 */
export async function countWorkers(
  paths: LocalPaths,
  { ports }: Run,
  seconds = RESTART_DEADLINE,
): Promise<WorkerCount | undefined> {
  const { pools = [] } = EXPECTED.safeParse(readJson(paths.expectation)).data ?? {};
  const expected = pools.reduce((sum, { workers }) => sum + workers, 0);
  const deadline = Date.now() + seconds * 1000;
  // Not identity.json: its answer is an error after tasks have run, as workers' metrics have keys that are no texts
  // (distributed/http/scheduler/json.py).
  const page = `http://${LOOPBACK}:${ports.dashboard}/json/counts.json`;
  let found: WorkerCount | undefined;
  do {
    const registered = await fetch(page, { signal: AbortSignal.timeout(seconds * 1000) })
      .then((answer) => answer.json() as Promise<{ readonly workers: number }>)
      .then(({ workers }) => workers)
      .catch(() => undefined);
    if (registered !== undefined) found = { registered, expected };
    if (registered !== undefined && registered >= expected) return found;
    await sleep(LOOK_SECONDS * 1000);
  } while (Date.now() < deadline);
  return found;
}

function progress(expected: Expectation, registered: readonly string[] | undefined): string {
  if (registered === undefined) return "waiting for the scheduler";
  const pools = expected.pools.map(({ name, workers }) => `${name} ${count(registered, name)} of ${workers}`);
  return `workers registered: ${pools.join(", ")}`;
}

function count(registered: readonly string[] | undefined, pool: string): number {
  return (registered ?? []).filter((name) => name === pool).length;
}

/** What the scheduler says of itself, as far as it is of interest here. */
interface Identity {
  readonly address: string;
  readonly workers: Readonly<Record<string, { readonly name: unknown }>>;
}

/** The pool of each registered worker; `undefined` while the scheduler does not answer. */
async function registeredPools(
  address: string,
  ports: LocalPorts,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
  const url = `http://${LOOPBACK}:${ports.dashboard}/json/identity.json`;
  const answer = await fetch(url, { signal: limit })
    .then((response) => response.json() as Promise<Identity>)
    .catch(() => undefined);
  signal.throwIfAborted();
  if (answer === undefined) return undefined;
  // Where another scheduler takes the port just before, ours puts its dashboard somewhere else.
  if (answer.address !== address)
    throw new LocalStackError(
      `port ${ports.dashboard} (dashboard) was taken by the scheduler ${answer.address}`,
    );
  return Object.values(answer.workers).map(({ name }) => String(name).split(POOL_SEPARATOR)[0] ?? "");
}
