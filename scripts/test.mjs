/**
 * `npm test [-- JEST-OPTION...]`, after scripts/install.mjs: compiles, installs the tools of the unit tests if they are
 * missing, then runs the type checker, the linter and the unit tests in parallel. Only installations need the network.
 */
import { spawn } from "node:child_process";
import { compile } from "./compile.mjs";
import { ROOT } from "./main.mjs";
import { pythonEnvironment } from "./python.mjs";

/** Starts a command of a package; resolves to its name, exit code and, if it is piped, output. */
function start(name, [script, ...options], output = "pipe") {
  const argv = [`node_modules/${script}`, ...options];
  const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["ignore", output, output] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ name, code, output: Buffer.concat(chunks).toString() }));
  });
}

try {
  compile();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
for (const name of ["shellcheck", "supervisor", "linters", "reference"]) await pythonEnvironment(name);
// By default, Jest leaves one core unused: on two cores, the tests would run one by one.
const unit = ["jest/bin/jest.js", "--selectProjects", "unit", "--maxWorkers=100%", ...process.argv.slice(2)];
const checks = await Promise.all([
  start("type checker", ["typescript/bin/tsc", "-p", "__tests__/tsconfig.json"]),
  start("linter", ["@biomejs/biome/bin/biome", "check", "."]),
  start("unit tests", unit, "inherit"),
]);
for (const { name, code, output } of checks) {
  process.stdout.write(output);
  console.log(`${name}: ${code === 0 ? "passed" : "failed"}`);
  if (code !== 0) process.exitCode = 1;
}
