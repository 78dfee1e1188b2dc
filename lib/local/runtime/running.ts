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

/** Record of a cluster that has started and passed its smoke test. */
export interface Run {
  /** Number of the deployment. */
  readonly generation: number;
  /** Address of the scheduler. */
  readonly address: string;
  readonly ports: LocalPorts;
}

/** Records a cluster; the last step of a start. */
export function recordRun(paths: LocalPaths, run: Run): void {
  replaceFile(paths.run, `${JSON.stringify(run, null, 2)}\n`);
}

/** Returns the recorded cluster, or `undefined` if no start has completed. */
export function recordedRun(paths: LocalPaths): Run | undefined {
  return RUN.safeParse(readJson(paths.run)).data;
}

/**
 * Returns the recorded cluster if it is alive: its supervisor runs, one of its processes listens on the port of the
 * scheduler, and its environment exists.
 */
export function liveRun(paths: LocalPaths): Run | undefined {
  const run = recordedRun(paths);
  if (run === undefined) return undefined;
  if (!existsSync(join(paths.environment, "bin", "python"))) return undefined;
  const listener = listenerOf(run.ports.scheduler);
  const pids = processesOf(paths);
  if (supervisorOf(paths, pids) === undefined) return undefined;
  // Only Linux shows which process listens on a port.
  if (listener !== "unknown" && (listener === undefined || !pids.includes(listener))) return undefined;
  return run;
}
