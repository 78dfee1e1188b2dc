import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJson, replaceFile } from "../files";
import type { LocalPaths } from "../paths";
import type { LocalPorts } from "../ports";
import { listenerOf } from "./listener";
import { processesOf, supervisorOf } from "./processes";

const RUN = z.object({
  generation: z.number().int(),
  address: z.string(),
  ports: z.object({ scheduler: z.number().int(), dashboard: z.number().int() }),
});

/** A cluster that has started and passed its smoke test. */
export interface Run {
  /** Number of the deployment that started it. */
  readonly generation: number;
  /** Address of the scheduler. */
  readonly address: string;
  readonly ports: LocalPorts;
}

/** Records that a cluster has started; the last step of a start. */
export function recordRun(paths: LocalPaths, run: Run): void {
  replaceFile(paths.run, `${JSON.stringify(run, null, 2)}\n`);
}

/** The recorded run, or `undefined` if no start has completed. */
export function recordedRun(paths: LocalPaths): Run | undefined {
  return RUN.safeParse(readJson(paths.run)).data;
}

/**
 * The run that is alive, or `undefined`. A record is not enough: its supervisor must be a process of this stack, a
 * process of this stack must listen on the scheduler's port, and the programs that it starts must exist.
 */
export function aliveRun(paths: LocalPaths): Run | undefined {
  const run = recordedRun(paths);
  if (run === undefined || supervisorOf(paths) === undefined) return undefined;
  if (!existsSync(join(paths.environment, "bin", "python"))) return undefined;
  const listener = listenerOf(run.ports.scheduler);
  // Only Linux tells which process listens on a port.
  if (listener !== "unknown" && (listener === undefined || !processesOf(paths).includes(listener)))
    return undefined;
  return run;
}
