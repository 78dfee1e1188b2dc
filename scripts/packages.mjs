// Installs the packages of package-lock.json, whatever npm is configured to leave out. Needs nothing but Node.

import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localOnly, manifestsOf } from "./lockfile.mjs";
import { lock, ROOT } from "./main.mjs";
import { withNpmEnvironment } from "./npm-environment.mjs";

/** The oldest Node that package.json allows. */
const OLDEST_NODE = [20, 9];

/** npm's cache, which .npmrc names too. */
const CACHE = join(ROOT, ".npm");

/** Milliseconds between two signs of life. */
const TICK = 10_000;

const NPM_CI = [
  ...["ci", "--include=dev", "--include=optional", "--include=peer"],
  // No package needs its install script: what they would build comes prebuilt.
  "--ignore-scripts",
  ...["--no-audit", "--no-fund", "--no-progress", "--loglevel=error"],
];

/**
 * Installs what package-lock.json lists, and leaves node_modules alone where it has that already.
 *
 * @param command for which the packages are installed, such as `npm start`
 * @param onlyLocal whether the packages of the local stack are enough
 * @throws Error in one sentence
 */
export async function installPackages(command, onlyLocal = false) {
  refuseOldNode();
  const whole = manifestsOf(ROOT);
  const needed = onlyLocal ? localOnly(whole) : whole;
  if (firstMissing(needed) === undefined) return;
  lock("packages", `the installation of packages for ${command}`);
  if (firstMissing(needed) === undefined) return;
  console.log("installing the packages of package-lock.json (npm ci)");
  // Somebody has installed more than the local stack needs: that stays.
  if (!onlyLocal || hasMore(whole, needed)) await npmCi(ROOT);
  else await installBeside(needed);
  const missing = firstMissing(needed);
  if (missing !== undefined) throw new Error(`npm ci has ended well, but ${missing} is not there; try again`);
}

function hasMore(whole, needed) {
  return Object.keys(whole.lockfile.packages).some(
    (path) => !(path in needed.lockfile.packages) && existsSync(join(ROOT, path)),
  );
}

/** Installs to another directory, whose node_modules then replaces that of the project. */
async function installBeside({ manifest, lockfile }) {
  const directory = join(CACHE, "local");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(directory, "package-lock.json"), JSON.stringify(lockfile));
  if (existsSync(join(ROOT, ".npmrc"))) cpSync(join(ROOT, ".npmrc"), join(directory, ".npmrc"));
  try {
    await npmCi(directory);
    rmSync(join(ROOT, "node_modules"), { recursive: true, force: true });
    renameSync(join(directory, "node_modules"), join(ROOT, "node_modules"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major < oldest || (major === oldest && minor < oldestMinor))
    throw new Error(`this is Node ${process.versions.node}; install Node 20.9 or later and try again`);
}

/** The first package of a lockfile that is not installed in its version. */
export function firstMissing({ lockfile } = manifestsOf(ROOT)) {
  const [missing] =
    Object.entries(lockfile.packages).find(
      ([path, locked]) => path !== "" && isNeeded(locked) && versionOf(join(ROOT, path)) !== locked.version,
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
async function npmCi(directory) {
  const started = Date.now();
  const ticking = setInterval(() => console.log(`  … ${Math.round((Date.now() - started) / 1000)} s`), TICK);
  await withNpmEnvironment(process.env, async (env) => {
    const { reason } = await npm(NPM_CI, directory, env);
    if (reason === undefined) return;
    const { output } = await npm(["config", "get", "registry"], directory, env);
    const hint = "'npm config set registry URL' changes it";
    throw new Error(`npm ci failed: ${reason}; registry asked: ${output.trim()} (${hint})`);
  }).finally(() => clearInterval(ticking));
}

/** Runs npm: its output and, where it fails, why. */
function npm(args, cwd, env) {
  const child = spawn("npm", [...args, "--cache", CACHE], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
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
