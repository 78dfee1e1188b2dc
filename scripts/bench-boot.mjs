/**
 * `npm run bench:boot [-- RUNS]`: how long a worker's machine takes from cloud-init's start until the scheduler has its
 * worker, by phase, plain and from a baked image. Needs what `npm run test:boot` needs. Draws docs/boot.svg.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const RUNS = process.argv[2] ?? "5";
const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { findPython } = createRequire(import.meta.url)("../dist/lib/local/runtime/python.js");

function run(command, ...argv) {
  const { status, stdout, error } = spawnSync(command, argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 3_600_000,
  });
  if (error) throw error;
  return { status, stdout };
}

const { path } = await findPython(["3.12", "3.13", "3.11"]);
const environment = root("__tests__/support/python_environment.py");
const tools = run(path, environment, "mock-aws").stdout.trim();
const { status, stdout } = run(
  `${tools}/python`,
  root("__tests__/boot/bench/boots.py"),
  RUNS,
  root("docs/boot.svg"),
);
process.stdout.write(stdout);
if (status === 0) console.log("\nThe picture is docs/boot.svg; the table belongs into docs/boot.md.");
process.exitCode = status ?? 1;
