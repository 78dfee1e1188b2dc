import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { availableMemory } from "./memory";
import { findPython, type Python } from "./python";
import { toolEnvironment } from "./tool-environment.cjs";

/** Resources of this computer that a local cluster can use. */
export interface Computer {
  /** Interpreter for the environment of the cluster. */
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
 * @param pythons versions of Python that the lockfiles of the cluster support
 * @throws LocalStackError if it has no such Python
 */
export async function inspectComputer(pythons: readonly string[]): Promise<Computer> {
  const python = await findPython(pythons);
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
