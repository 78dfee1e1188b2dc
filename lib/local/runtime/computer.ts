import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import type { Release } from "../../config/releases";
import { availableMemory } from "./memory";
import { findPython, type Python } from "./python";
import { toolEnvironment } from "./tool-environment.cjs";

/** Resources of this computer that a local cluster can use. */
export interface Computer {
  /** Interpreter for the environment of the release. */
  readonly python: Python;
  /** CPUs that this process may use. */
  readonly cpus: number;
  /** Bytes of memory that this process may use. */
  readonly memory: number;
  /** Number of NVIDIA GPUs with a working driver. */
  readonly gpus: number;
  /** `process.platform` and `process.arch`, such as `linux x64`. */
  readonly platform: string;
}

/** Milliseconds for the driver to initialize its GPUs. */
const GPU_TIMEOUT = 30_000;

/**
 * Inspects this computer.
 *
 * @throws LocalStackError if it has no Python for the release
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
    memory: availableMemory(),
    gpus: (listed?.stdout.match(/^GPU \d+:/gm) ?? []).length,
    platform: `${process.platform} ${process.arch}`,
  };
}
