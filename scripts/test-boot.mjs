/**
 * `npm run test:boot [-- PYTEST-OPTION...]`: the tests of __tests__/boot, which boot nodes as guests of this machine.
 * A machine that lacks what they need skips them with the reason. With CI set, that is a failure.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./main.mjs";
import { pythonEnvironment, run } from "./python.mjs";

const TESTS = "__tests__/boot";

/** Seconds for a test without a time limit of its own. */
const TEST_SECONDS = "120";

const { status, stdout, stderr, error } = spawnSync("python3", [join(ROOT, TESTS, "rig/requirements.py")], {
  encoding: "utf8",
  timeout: 60_000,
});
if (status === 0) {
  const python = join(await pythonEnvironment("mock-aws"), "python");
  const temporary = ["--basetemp", ".test/pytest-boot", "-o", "tmp_path_retention_policy=none"];
  const options = ["-p", "no:cacheprovider", "--timeout", TEST_SECONDS, ...temporary];
  run([python, "-m", "pytest", ...options, TESTS, ...process.argv.slice(2)]);
} else {
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  console.error(`SKIPPED, no node was booted: ${reason}; then: npm run test:boot`);
  if (process.env.CI) process.exitCode = 1;
}
