/**
 * `npm run test:python [-- PYTEST-OPTION...]`: ruff over all Python of the project, mypy over the package in python/ and
 * what nodes run, then the tests of the package. Ends at the first that fails.
 */
import { join } from "node:path";
import { pythonEnvironment, run } from "./python.mjs";

const bin = await pythonEnvironment("checkers");
const [python, ruff, mypy] = ["python", "ruff", "mypy"].map((name) => join(bin, name));
run([ruff, "check", "--no-cache"]);
run([ruff, "format", "--check", "--no-cache"]);
run([mypy, "--config-file", "python/pyproject.toml", "--cache-dir", ".test/mypy"]);
run([python, "-m", "pytest", "-c", "python/pyproject.toml", "python/tests", ...process.argv.slice(2)]);
