/**
 * `npm run test:python [-- PYTEST-OPTION...]`: ruff over all Python of the project, mypy over the package in python/ and
 * what nodes run, then the tests of the package. Ends at the first that fails.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { localModule, ROOT } from "./main.mjs";

/** Runs a command; returns its output if that is piped. */
function run(argv, output = "inherit") {
  const { status, stdout, error } = spawnSync(argv[0], argv.slice(1), {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", output, "inherit"],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

const { path } = await localModule("runtime/python").findPython(["3.12", "3.13", "3.11"]);
const bin = run([path, "__tests__/support/python_environment.py", "checkers"], "pipe").trim();
const [python, ruff, mypy] = ["python", "ruff", "mypy"].map((name) => join(bin, name));
run([ruff, "check", "--no-cache"]);
run([ruff, "format", "--check", "--no-cache"]);
run([mypy, "--config-file", "python/pyproject.toml", "--cache-dir", ".test/mypy"]);
run([python, "-m", "pytest", "-c", "python/pyproject.toml", "python/tests", ...process.argv.slice(2)]);
