import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { packageFile, packageRoot } from "../../node/package-file";
import { readIfPossible, replaceFile } from "../files";
import { describeIndex, installerEnvironment, type PackageIndex, packageIndex } from "./package-index";
import type { Python } from "./python";
import { type CommandContext, runCommand, type StepContext } from "./run-command";
import { succeeds } from "./succeeds";

/** Maximum seconds of a step of an installation: 300 MB over a slow connection. */
export const STEP_SECONDS = 900;

/** Tools to install, as determined by their lockfiles. */
export interface ToolsProps {
  /** Such as `uv and supervisor`. */
  readonly names: string;
  /** Folder of their virtual environment. */
  readonly directory: string;
  readonly python: Python;
  /** Lockfiles, as paths in this package. */
  readonly lockfiles: readonly string[];
  /** Arguments of the Python of the environment for a command that succeeds if the tools work. */
  readonly check: readonly string[];
  /** File for the output of pip. */
  readonly logFile: string;
}

/**
 * Installs tools with pip, in a virtual environment. Keeps an existing one that works and has the same lockfiles.
 *
 * @returns how the user reaches packages
 * @throws LocalStackError if a step fails
 */
export async function createTools(
  context: CommandContext | StepContext,
  { names, directory, python, lockfiles, check, logFile }: ToolsProps,
): Promise<PackageIndex> {
  const toolsPython = join(directory, "bin", "python");
  const stampFile = join(directory, "made-from");
  const hash = createHash("sha256").update(`${directory}\n${python.path} ${python.version}\n`);
  for (const file of lockfiles) hash.update(packageFile(file));
  const stamp = hash.digest("hex");
  if (readIfPossible(stampFile) === stamp && (await succeeds([toolsPython, ...check])))
    return packageIndex(toolsPython, process.env);
  rmSync(directory, { recursive: true, force: true });
  try {
    context.log(`installing ${names} with Python ${python.version}`);
    await runCommand(context, [python.path, "-m", "venv", directory], {
      failure: `${python.path} cannot create a virtual environment`,
      timeout: STEP_SECONDS,
      logFile,
    });
    const index = await packageIndex(toolsPython, process.env);
    const pip = [
      ...[toolsPython, "-m", "pip", "install"],
      ...["--no-cache-dir", "--progress-bar", "off", "--require-hashes"],
      ...lockfiles.flatMap((file) => ["-r", join(packageRoot(), file)]),
    ];
    await runCommand(context, pip, {
      failure: `${names} cannot be installed`,
      timeout: STEP_SECONDS,
      logFile,
      env: installerEnvironment(index, process.env),
      hint: describeIndex(index),
    });
    replaceFile(stampFile, stamp);
    return index;
  } catch (error) {
    // The log stays; an incomplete environment is useless.
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}
