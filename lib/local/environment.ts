import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile, packageRoot } from "../node/package-file";
import type { Python } from "./python";
import { run, type Task } from "./task";

/** Longest that one step may take, in seconds: 300 MB over a slow line. */
const STEP_TIMEOUT = 900;

const UV_LOCK = "locks/tools/uv.txt";
const SUPERVISOR_LOCK = "locks/tools/supervisor.txt";
const CERTIFICATES_LOCK = "locks/tools/certificates.txt";

/** Locks of what a local stack is run by. */
function toolLocks(tls: boolean): readonly string[] {
  return [UV_LOCK, SUPERVISOR_LOCK, ...(tls ? [CERTIFICATES_LOCK] : [])];
}

/** Lock of a release for machines of a kind, with hashes: its path in this package. */
export function releaseLock(release: string, kind: "cpu" | "gpu"): string {
  return `locks/${release}/${kind}.txt`;
}

/** Locks of everything that a local stack may install. */
export function allLocks(release: string): readonly string[] {
  return [...toolLocks(true), releaseLock(release, "cpu"), releaseLock(release, "gpu")];
}

/**
 * Makes the virtual environments of a local stack from their locks, or keeps those that are there: uv and the
 * supervisor in one, the release in the other.
 *
 * @param tls whether certificates will be made
 * @throws LocalStackError when a step fails, with the installer's log
 */
export async function makeEnvironment(task: Task, python: Python, lock: string, tls: boolean): Promise<void> {
  const { environment, tools, cache, installLog } = task.paths;
  const stamp = join(environment, "made-from");
  const madeFrom = fingerprint(python, [...toolLocks(tls), lock]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === madeFrom) return;
  const step = (failure: string, ...argv: string[]) =>
    run(task, argv, {
      failure,
      timeout: STEP_TIMEOUT,
      env: { UV_CACHE_DIR: cache, UV_PYTHON_DOWNLOADS: "never" },
      log: installLog,
    });
  const pip = [
    join(tools, "bin", "python"),
    "-m",
    "pip",
    "install",
    "--no-cache-dir",
    "--progress-bar",
    "off",
    "--require-hashes",
  ];
  const uv = join(tools, "bin", "uv");
  const into = ["--python", join(environment, "bin", "python")];
  const from = (...files: readonly string[]) => files.flatMap((file) => ["-r", join(packageRoot(), file)]);
  const remedy = "check the connection to the package index and try again";
  for (const directory of [environment, tools]) rmSync(directory, { recursive: true, force: true });
  task.say(`installing uv and supervisor on Python ${python.version}`);
  await step(`${python.path} cannot make a virtual environment`, python.path, "-m", "venv", tools);
  await step(`uv and supervisor cannot be installed; ${remedy}`, ...pip, ...from(...toolLocks(tls)));
  task.say("installing the release's packages from their lock");
  await step("uv cannot make a virtual environment", uv, "venv", "--python", python.path, environment);
  const install = [uv, "pip", "install", ...into, "--require-hashes", ...from(lock)];
  await step(`the release's packages cannot be installed; ${remedy}`, ...install);
  writeFileSync(stamp, madeFrom);
}

function fingerprint(python: Python, locks: readonly string[]): string {
  const hash = createHash("sha256").update(`${python.path} ${python.version}\n`);
  for (const file of locks) hash.update(packageFile(file));
  return hash.digest("hex");
}
