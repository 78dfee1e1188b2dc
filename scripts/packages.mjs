// Installs the packages of package-lock.json, whatever npm is configured to leave out. Needs nothing but Node.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lock, ROOT } from "./main.mjs";
import { withNpmEnvironment } from "./npm-environment.mjs";

/** The oldest Node that package.json allows. */
const OLDEST_NODE = [20, 9];

/** Milliseconds between two signs of life. */
const TICK = 10_000;

const NPM_CI = [
  ...["ci", "--include=dev", "--include=optional", "--include=peer"],
  // No package needs its install script: what they would build comes prebuilt.
  "--ignore-scripts",
  ...["--no-audit", "--no-fund", "--no-progress", "--loglevel=error"],
];

/**
 * Makes node_modules what package-lock.json says, and leaves it alone where it is.
 *
 * @param command for which the packages are installed, such as `npm start`
 * @throws Error in one sentence
 */
export async function installPackages(command) {
  refuseOldNode();
  if (firstMissing() === undefined) return;
  lock("packages", `the installation of packages for ${command}`);
  if (firstMissing() === undefined) return;
  console.log("installing the packages of package-lock.json (npm ci)");
  await npmCi();
  const missing = firstMissing();
  if (missing !== undefined) throw new Error(`npm ci has ended well, but ${missing} is not there; try again`);
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major < oldest || (major === oldest && minor < oldestMinor))
    throw new Error(`this is Node ${process.versions.node}; install Node 20.9 or later and try again`);
}

/** The first package of package-lock.json that is not installed in its version. */
export function firstMissing(root = ROOT) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const [missing] =
    Object.entries(packages).find(
      ([path, locked]) => path !== "" && isNeeded(locked) && versionOf(join(root, path)) !== locked.version,
    ) ?? [];
  return missing;
}

/** An optional package that is not for a certain platform may fail to install. */
function isNeeded({ optional, os, cpu, libc }) {
  if (!optional) return true;
  return (
    (os || cpu) && matches(os, process.platform) && matches(cpu, process.arch) && matches(libc, ourLibc())
  );
}

function matches(allowed, ours) {
  return allowed === undefined || allowed.includes(ours);
}

function ourLibc() {
  return process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
}

function versionOf(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}

/** Its output goes to a pipe: a reader of ours who has gone would end npm in the middle. */
async function npmCi() {
  const started = Date.now();
  const ticking = setInterval(() => console.log(`  … ${Math.round((Date.now() - started) / 1000)} s`), TICK);
  await withNpmEnvironment(process.env, async (env) => {
    const { reason } = await npm(NPM_CI, env);
    if (reason === undefined) return;
    const { output } = await npm(["config", "get", "registry"], env);
    const hint = "'npm config set registry URL' changes it";
    throw new Error(`npm ci failed: ${reason}; registry asked: ${output.trim()} (${hint})`);
  }).finally(() => clearInterval(ticking));
}

/** Runs npm: its output and, where it fails, why. */
function npm(args, env) {
  const child = spawn("npm", args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const take = (text) => {
    output += text;
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ output, reason: error.message }));
    child.on("close", (code, signal) => {
      resolve({ output, reason: code === 0 ? undefined : (firstError(output) ?? signal ?? `exit ${code}`) });
    });
  });
}

/** npm's first error, without the code that it puts before it. */
function firstError(output) {
  return /^npm (?:error|ERR!) (?!code |errno |syscall )(.*)$/m.exec(output)?.[1];
}
