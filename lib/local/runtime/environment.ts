import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFile, packageRoot } from "../../node/package-file";
import { readIfPossible, replaceFile } from "../files";
import { TOOL_LOCKFILES } from "../lockfiles";
import type { LocalPaths } from "../paths";
import { holdLock } from "./hold-lock";
import { describeIndex, installerEnvironment, type PackageIndex, packageIndex } from "./package-index";
import type { Python } from "./python";
import { toolEnvironment } from "./shell.cjs";
import { type RunOptions, run, type Task } from "./task";

/** Longest that one step may take, in seconds: 300 MB over a slow line. */
const STEP_TIMEOUT = 900;

/** Longest that a look at an environment may take, in ms: an import of Dask from a slow disk. */
const CHECK_TIMEOUT = 60_000;

/** Longest that an installation by another process is waited for, in seconds: each of its four steps. */
const INSTALL_TIMEOUT = 4 * STEP_TIMEOUT;

/**
 * Makes the virtual environments of a local stack from their lockfiles, or keeps those that are there and work: uv and
 * the supervisor in one, the release in the other.
 *
 * @param release lockfiles of the release
 * @returns the index that packages are installed from
 * @throws LocalStackError when a step fails
 */
export async function makeEnvironment(
  task: Task,
  python: Python,
  release: readonly string[],
): Promise<PackageIndex> {
  const { environment, tools, cache } = task.paths;
  const locks = { tools: TOOL_LOCKFILES, release };
  const stamp = join(environment, "made-from");
  const madeFrom = fingerprint(task.paths, python, [...locks.tools, ...locks.release]);
  if (readIfPossible(stamp) === madeFrom) {
    if (await works(task.paths)) return packageIndex(join(tools, "bin", "python"), process.env);
    // Something has damaged it. uv links files from its cache, so the same damage may be there.
    rmSync(cache, { recursive: true, force: true });
  }
  const clear = () => {
    for (const directory of [environment, tools]) rmSync(directory, { recursive: true, force: true });
  };
  clear();
  try {
    const index = await makeAnew(task, python, locks);
    replaceFile(stamp, madeFrom);
    return index;
  } catch (error) {
    // The downloads and the log stay; half an environment is of no use.
    clear();
    throw error;
  }
}

/** Waits for another process of the same start that makes the environments, and keeps a third one from doing so. */
export function holdEnvironment({ paths, signal }: Task): Promise<void> {
  return holdLock(paths.environmentLock, "the installation of the environment", INSTALL_TIMEOUT, signal);
}

async function makeAnew(
  task: Task,
  python: Python,
  locks: Readonly<Record<"tools" | "release", readonly string[]>>,
): Promise<PackageIndex> {
  const { environment, tools, cache, installLog } = task.paths;
  const step = (failure: string, argv: readonly string[], options: Pick<RunOptions, "env" | "hint"> = {}) =>
    run(task, argv, { failure, timeout: STEP_TIMEOUT, log: installLog, ...options });
  const from = (files: readonly string[]) => files.flatMap((file) => ["-r", join(packageRoot(), file)]);
  rmSync(installLog, { force: true });

  task.say(`installing uv and supervisor on Python ${python.version}`);
  await step(`${python.path} cannot make a virtual environment`, [python.path, "-m", "venv", tools]);
  const toolsPython = join(tools, "bin", "python");
  const index = await packageIndex(toolsPython, process.env);
  const env = { ...installerEnvironment(index, process.env), UV_CACHE_DIR: cache };
  const options = { env, hint: describeIndex(index) };
  const pip = [
    toolsPython,
    "-m",
    "pip",
    "install",
    "--no-cache-dir",
    "--progress-bar",
    "off",
    "--require-hashes",
  ];
  await step("uv and supervisor cannot be installed", [...pip, ...from(locks.tools)], options);

  task.say("installing the release's packages from their lockfile");
  const uv = join(tools, "bin", "uv");
  await step("uv cannot make a virtual environment", [uv, "venv", "--python", python.path, environment], {
    env,
  });
  const install = [
    ...[uv, "pip", "install", "--python", join(environment, "bin", "python"), "--require-hashes"],
    ...(index.noIndex ? ["--no-index"] : []),
    ...from(locks.release),
  ];
  await step("the release's packages cannot be installed", install, options);
  return index;
}

/** Whether both environments start: an upgrade of Python, a crash or a person may have broken them since. */
async function works({ environment, tools }: LocalPaths): Promise<boolean> {
  const imports = (directory: string, module: string) =>
    promisify(execFile)(join(directory, "bin", "python"), ["-I", "-c", `import ${module}`], {
      env: toolEnvironment(process.env),
      timeout: CHECK_TIMEOUT,
    });
  return Promise.all([imports(environment, "distributed"), imports(tools, "supervisor.supervisord")]).then(
    () => true,
    () => false,
  );
}

/** What decides the content of the environments; their scripts contain their own path. */
function fingerprint({ root }: LocalPaths, python: Python, locks: readonly string[]): string {
  const hash = createHash("sha256").update(`${root}\n${python.path} ${python.version}\n`);
  for (const file of locks) hash.update(packageFile(file));
  return hash.digest("hex");
}
