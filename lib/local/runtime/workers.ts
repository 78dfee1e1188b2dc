import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Expectation } from "../../node/expectation";
import { POOL_SEPARATOR } from "../../node/services";
import { LocalStackError } from "../error";
import { readJson } from "../files";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";
import { errorFromLog } from "./error-from-log";
import type { StepContext } from "./run-command";
import type { Run } from "./running";
import { programLog } from "./supervisor";

/** Minimum deadline for the registration of all workers. A few workers usually take 5 s on two idle cores. */
const MIN_DEADLINE_SECONDS = 180;

/** Deadline for each of many workers. Nanny and worker take 1.7 s of CPU time to start (measured); the cores may be busy. */
const DEADLINE_SECONDS_PER_WORKER = 6;

/** Seconds within which this number of workers must be registered. */
export function registrationDeadline(workers: number): number {
  return Math.max(MIN_DEADLINE_SECONDS, DEADLINE_SECONDS_PER_WORKER * workers);
}

/** Seconds between two requests to the scheduler, two checks of the programs, and two lines of progress without a change. */
const POLL_SECONDS = 0.5;
const PROGRAM_CHECK_SECONDS = 2;
const PROGRESS_SECONDS = 5;

/**
 * Waits until the workers of each pool are registered with the scheduler.
 *
 * @param address address of the scheduler
 * @param checkPrograms throws if a program has failed
 * @throws LocalStackError after the deadline, with the log of the first missing program
 */
export async function waitForWorkers(
  context: StepContext,
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
      registeredPools(address, ports, context.signal),
      isCheckDue ? checkPrograms() : undefined,
    ]);
    const missing = expected.pools.filter(({ name, workers }) => count(registered, name) < workers);
    const line = progress(expected, registered);
    if (line !== last.line || Date.now() - last.at >= PROGRESS_SECONDS * 1000) {
      context.log(line);
      Object.assign(last, { line, at: Date.now() });
    }
    if (registered !== undefined && missing.length === 0) return;
    if (Date.now() - started > deadline * 1000) {
      const name =
        registered === undefined ? "dask-scheduler" : `${missing[0]?.name}${POOL_SEPARATOR}local-0`;
      throw errorFromLog(`${line} after ${deadline} s`, programLog({ name }, context.paths));
    }
    await sleep(POLL_SECONDS * 1000, undefined, { signal: context.signal });
  }
}

/** Seconds to wait for missing workers of a running cluster; a worker that ends is restarted after 2 s. */
const RESTART_SECONDS = 15;

/** The fields of `Expectation` that determine the number of workers. */
const EXPECTED = z.object({ pools: z.array(z.object({ workers: z.number() })) });

/** Number of workers of a running cluster. */
export interface WorkerCount {
  readonly registered: number;
  readonly expected: number;
}

/**
 * Counts the workers of a running cluster. Waits for missing ones. Returns `undefined` if the scheduler does not answer
 * because it is busy.
 *
 * @param seconds maximum wait
 */
export async function countWorkers(
  paths: LocalPaths,
  { ports }: Run,
  seconds = RESTART_SECONDS,
): Promise<WorkerCount | undefined> {
  const { pools = [] } = EXPECTED.safeParse(readJson(paths.expectation)).data ?? {};
  const expected = pools.reduce((sum, { workers }) => sum + workers, 0);
  const deadline = Date.now() + seconds * 1000;
  // identity.json fails after tasks have run, because some keys of the workers' metrics are not strings
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
    await sleep(POLL_SECONDS * 1000);
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

/** The fields of `identity.json` that are read here. */
interface Identity {
  readonly address: string;
  readonly workers: Readonly<Record<string, { readonly name: unknown }>>;
}

/** Returns the pool of each registered worker; `undefined` while the scheduler does not answer. */
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
  // If another scheduler got the port first, ours uses another port for its dashboard.
  if (answer.address !== address)
    throw new LocalStackError(
      `port ${ports.dashboard} (dashboard) is in use by the scheduler ${answer.address}`,
    );
  return Object.values(answer.workers).map(({ name }) => String(name).split(POOL_SEPARATOR)[0] ?? "");
}
