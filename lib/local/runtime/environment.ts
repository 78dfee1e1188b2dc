import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../config/resolved-cluster";
import type { Wheel } from "../../node/packages/wheel";
import { TOOL_LOCKFILES } from "../lockfiles";
import { type PackageIndex, withDefinition } from "./package-index";
import type { Python } from "./python";
import type { StepContext } from "./run-command";
import { createTools, STEP_SECONDS } from "./tools";
import { createVirtualEnvironment, environmentState } from "./virtual-environment";
import { waitForLock } from "./wait-for-lock";

/** Maximum seconds to wait for an installation by another process, which has four steps. */
const INSTALL_SECONDS = 4 * STEP_SECONDS;

/** Packages of a local cluster. */
export interface EnvironmentPackages {
  /** Texts of the lockfiles. */
  readonly lockfiles: readonly string[];
  /** Wheels of the user. */
  readonly wheels: readonly Wheel[];
  /** Index of the definition. */
  readonly index: Environment["index"];
  /** Such as `the packages of the release`. */
  readonly description: string;
}

/**
 * Creates the virtual environments of a local cluster from their lockfiles: uv and supervisor in one, the packages in the
 * other. Keeps existing ones that work and have the same lockfiles; an old one stays until the new one is complete.
 *
 * @returns the index that packages are installed from
 * @throws LocalStackError if a step fails
 */
export async function createEnvironment(
  context: StepContext,
  python: Python,
  { lockfiles, wheels, index: ofDefinition, description }: EnvironmentPackages,
): Promise<PackageIndex> {
  const { environment, tools, cache, installLog: logFile } = context.paths;
  rmSync(logFile, { force: true });
  const index = withDefinition(
    await createTools(context, {
      names: "uv and supervisor",
      directory: tools,
      python,
      lockfiles: TOOL_LOCKFILES,
      check: ["-I", "-c", "import supervisor.supervisord"],
      logFile,
    }),
    ofDefinition,
  );
  const props = {
    ...{ link: environment, python, lockfiles, wheels, index, cache, logFile },
    packages: description,
    uv: join(tools, "bin", "uv"),
  };
  const state = await environmentState(props);
  if (state === "up to date") return index;
  // uv links files from its cache, so the cache may have the same damage.
  if (state === "damaged") rmSync(cache, { recursive: true, force: true });
  context.log(`installing ${description} from ${lockfiles.length === 1 ? "its lockfile" : "its lockfiles"}`);
  await createVirtualEnvironment(context, props);
  return index;
}

/** Waits until no other process creates the environments, and keeps others from doing so until this process ends. */
export function lockEnvironment({ paths, signal }: StepContext): Promise<void> {
  return waitForLock(paths.environmentLock, "the installation of the environment", INSTALL_SECONDS, signal);
}
