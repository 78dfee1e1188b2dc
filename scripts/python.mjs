// Python of tests and benchmarks. Needs dist/.

import { spawnSync } from "node:child_process";
import { localModule, ROOT } from "./main.mjs";

/** Versions of Python that the lockfiles are for, that of the nodes first. */
const VERSIONS = ["3.12", "3.13", "3.11"];

/** Milliseconds after which a command is killed. */
const TIMEOUT = 60 * 60_000;

/**
 * Returns the folder with the commands of a Python environment of the tests. Installs the environment if it is missing
 * or if one of its lockfiles has changed.
 *
 * @param name of `LOCKS` in `__tests__/support/python_environment.py`
 */
export async function pythonEnvironment(name) {
  const { path } = await localModule("runtime/python").findPython(VERSIONS);
  const { stdout } = run([path, "__tests__/support/python_environment.py", name], { stdout: "pipe" });
  return stdout.trim();
}

/**
 * Runs a command in the checkout. Ends this process with the command's exit code if the command fails.
 *
 * @param options `input`, `env`, and `stdout` (@default "inherit")
 */
export function run(argv, { input, env = {}, stdout = "inherit" } = {}) {
  const result = spawnSync(argv[0], argv.slice(1), {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
    input,
    stdio: [input === undefined ? "ignore" : "pipe", stdout, "inherit"],
    maxBuffer: 64 * 1024 * 1024,
    timeout: TIMEOUT,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
  return result;
}
