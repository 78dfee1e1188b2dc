/**
 * `npm run bench:scaling -- SCENARIO [ARGUMENT...] [--release 2026.7|2024.7]`: numbers of drains and of autoscaling, on clusters
 * of real processes on this computer, or of guests that boot. A scenario is a Python program `bench/scaling/SCENARIO.py`, which
 * runs with Dask of the release.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/main.mjs";
import { pythonEnvironment, run } from "../scripts/python.mjs";

/** Environment of each release, of `__tests__/support/python_environment.py`. */
const ENVIRONMENTS = { 2026.7: "checkers", 2024.7: "release-2024.7" };

/** Scenarios that draw run in the environment that has the library for pictures. */
const PICTURES = ["draw"];

/** Scenarios that boot guests run in the environment of those tests, whose guests install the release. */
const BOOTS = ["rounds"];

const FOLDER = join(ROOT, "bench/scaling");
const PATHS = ["python/src", "python/tests", "bench/scaling"];

const words = process.argv.slice(2);
const at = words.indexOf("--release");
const [, release = "2026.7"] = at < 0 ? [] : words.splice(at, 2);
const [scenario, ...rest] = words;
const scenarios = readdirSync(FOLDER).filter((name) => name.endsWith(".py"));
if (!scenarios.includes(`${scenario}.py`) || !(release in ENVIRONMENTS)) {
  console.error(
    `usage: npm run bench:scaling -- SCENARIO [ARGUMENT...] [--release ${Object.keys(ENVIRONMENTS).join("|")}]`,
  );
  console.error(`scenarios: ${scenarios.map((name) => name.slice(0, -3)).join(", ")}`);
  process.exit(2);
}
const boots = BOOTS.includes(scenario);
const environment = boots || PICTURES.includes(scenario) ? "mock-aws" : ENVIRONMENTS[release];
const python = join(await pythonEnvironment(environment), "python");
const paths = (boots ? ["__tests__/boot"] : PATHS).map((path) => join(ROOT, path));
const env = { PYTHONPATH: paths.join(":"), DASK_RIG_RELEASE: release };
run([python, join(FOLDER, `${scenario}.py`), ...rest], { env });
