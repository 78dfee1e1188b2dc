import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import type { Release } from "../../config/releases";
import { thisMemory } from "./memory";
import { findPython, type Python } from "./python";
import { toolEnvironment } from "./shell.cjs";

/** What the local stack has to know about this machine. */
export interface Computer {
  /** Interpreter that the environment is made with. */
  readonly python: Python;
  /** CPUs that this process may use. */
  readonly cpus: number;
  /** Bytes of memory that this process may use. */
  readonly memory: number;
  /** NVIDIA GPUs with a working driver. */
  readonly gpus: number;
  /** Such as `linux x64`, in Node's words. */
  readonly platform: string;
}

/** Longest that a driver may take to wake its GPUs, in ms. */
const GPU_TIMEOUT = 30_000;

/**
 * Looks at this machine.
 *
 * @throws LocalStackError when it has no Python for the release
 */
export async function inspectComputer({ localPythons }: Release): Promise<Computer> {
  const python = await findPython(localPythons);
  const listed = await promisify(execFile)("nvidia-smi", ["-L"], {
    env: toolEnvironment(process.env),
    timeout: GPU_TIMEOUT,
  }).catch(() => undefined);
  return {
    python,
    cpus: availableParallelism(),
    memory: thisMemory(),
    gpus: (listed?.stdout.match(/^GPU \d+:/gm) ?? []).length,
    platform: `${process.platform} ${process.arch}`,
  };
}
