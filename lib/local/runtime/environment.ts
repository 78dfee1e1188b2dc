import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFile, packageRoot } from "../../node/package-file";
import { readIfPossible, replaceFile } from "../files";
import { TOOL_LOCKFILES } from "../lockfiles";
import type { LocalPaths } from "../paths";
import { describeIndex, installerEnvironment, type PackageIndex, packageIndex } from "./package-index";
import type { Python } from "./python";
import { type CommandOptions, runCommand, type StepContext } from "./run-command";
import { toolEnvironment } from "./tool-environment.cjs";
import { waitForLock } from "./wait-for-lock";

/** Maximum seconds of a step: 300 MB over a slow connection. */
const STEP_SECONDS = 900;

/** Maximum seconds to wait for an installation by another process, which has four steps. */
const INSTALL_SECONDS = 4 * STEP_SECONDS;

/** Milliseconds to import Dask from a slow disk. */
const IMPORT_TIMEOUT = 60_000;

/**
 * Creates the virtual environments of a local cluster from their lockfiles: uv and supervisor in one, the release in the
 * other. Keeps existing ones that work and have the same lockfiles.
 *
 * @param release lockfiles of the release
 * @returns the index that packages are installed from
 * @throws LocalStackError if a step fails
 */
export async function createEnvironment(
  context: StepContext,
  python: Python,
  release: readonly string[],
): Promise<PackageIndex> {
  const { environment, tools, cache } = context.paths;
  const stampFile = join(environment, "made-from");
  const stamp = fingerprint(context.paths, python, [...TOOL_LOCKFILES, ...release]);
  if (readIfPossible(stampFile) === stamp) {
    if (await canImport(context.paths)) return packageIndex(join(tools, "bin", "python"), process.env);
    // uv links files from its cache, so the cache may have the same damage.
    rmSync(cache, { recursive: true, force: true });
  }
  const clear = () => {
    for (const directory of [environment, tools]) rmSync(directory, { recursive: true, force: true });
  };
  clear();
  try {
    const index = await installPackages(context, python, release);
    replaceFile(stampFile, stamp);
    return index;
  } catch (error) {
    // The downloads and the log stay; an incomplete environment is useless.
    clear();
    throw error;
  }
}

/** Waits until no other process creates the environments, and keeps others from doing so until this process ends. */
export function lockEnvironment({ paths, signal }: StepContext): Promise<void> {
  return waitForLock(paths.environmentLock, "the installation of the environment", INSTALL_SECONDS, signal);
}

async function installPackages(
  context: StepContext,
  python: Python,
  release: readonly string[],
): Promise<PackageIndex> {
  const { environment, tools, cache, installLog } = context.paths;
  const step = (
    failure: string,
    argv: readonly string[],
    options: Pick<CommandOptions, "env" | "hint"> = {},
  ) => runCommand(context, argv, { failure, timeout: STEP_SECONDS, logFile: installLog, ...options });
  const requirements = (lockfiles: readonly string[]) =>
    lockfiles.flatMap((file) => ["-r", join(packageRoot(), file)]);
  rmSync(installLog, { force: true });

  context.log(`installing uv and supervisor with Python ${python.version}`);
  await step(`${python.path} cannot create a virtual environment`, [python.path, "-m", "venv", tools]);
  const toolsPython = join(tools, "bin", "python");
  const index = await packageIndex(toolsPython, process.env);
  const env = { ...installerEnvironment(index, process.env), UV_CACHE_DIR: cache };
  const options = { env, hint: describeIndex(index) };
  const pip = [
    ...[toolsPython, "-m", "pip", "install"],
    ...["--no-cache-dir", "--progress-bar", "off", "--require-hashes"],
    ...requirements(TOOL_LOCKFILES),
  ];
  await step("uv and supervisor cannot be installed", pip, options);

  context.log("installing the packages of the release from its lockfiles");
  const uv = join(tools, "bin", "uv");
  const venv = [uv, "venv", "--python", python.path, environment];
  await step("uv cannot create a virtual environment", venv, { env });
  const install = [
    ...[uv, "pip", "install", "--python", join(environment, "bin", "python"), "--require-hashes"],
    ...(index.noIndex ? ["--no-index"] : []),
    ...requirements(release),
  ];
  await step("the packages of the release cannot be installed", install, options);
  return index;
}

/** Whether both environments still work. An upgrade of Python, a crash or a user may have damaged them. */
async function canImport({ environment, tools }: LocalPaths): Promise<boolean> {
  const imports = (directory: string, module: string) =>
    promisify(execFile)(join(directory, "bin", "python"), ["-I", "-c", `import ${module}`], {
      env: toolEnvironment(process.env),
      timeout: IMPORT_TIMEOUT,
    });
  return Promise.all([imports(environment, "distributed"), imports(tools, "supervisor.supervisord")]).then(
    () => true,
    () => false,
  );
}

/** Digest of what determines the content of the environments. Their scripts contain their own path. */
function fingerprint({ root }: LocalPaths, python: Python, lockfiles: readonly string[]): string {
  const hash = createHash("sha256").update(`${root}\n${python.path} ${python.version}\n`);
  for (const file of lockfiles) hash.update(packageFile(file));
  return hash.digest("hex");
}
