// Installs the packages of package-lock.json, regardless of the configuration of npm. Needs only Node.

import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localOnly, manifestsOf } from "./lockfile.mjs";
import { lock, ROOT } from "./main.mjs";
import { withNpmEnvironment } from "./npm-environment.mjs";

/** The oldest Node that package.json allows. */
const OLDEST_NODE = [20, 9];

/** Cache of npm; .npmrc configures the same. */
const CACHE = join(ROOT, ".npm");

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 10_000;

const NPM_CI = [
  ...["ci", "--include=dev", "--include=optional", "--include=peer"],
  // No package needs its install script; binaries are prebuilt.
  "--ignore-scripts",
  ...["--no-audit", "--no-fund", "--no-progress", "--loglevel=error"],
];

/**
 * Installs the packages of package-lock.json, unless all are already installed.
 *
 * @param command command that needs the packages, such as `npm start`
 * @param onlyLocal whether to install only the packages of the local stack
 * @throws Error in one sentence
 */
export async function installPackages(command, onlyLocal = false) {
  checkNodeVersion();
  const whole = manifestsOf(ROOT);
  const needed = onlyLocal ? localOnly(whole) : whole;
  if (firstMissing(needed) === undefined) return;
  lock("packages", `the installation of packages for ${command}`);
  if (firstMissing(needed) === undefined) return;
  console.log("installing the packages of package-lock.json (npm ci)");
  // More than the local stack is installed: keep it.
  if (!onlyLocal || hasMore(whole, needed)) await npmCi(ROOT);
  else await installSeparately(needed);
  const missing = firstMissing(needed);
  if (missing !== undefined) throw new Error(`npm ci succeeded, but ${missing} is missing. Hint: try again`);
}

/**
 * Installs the packages of a folder with tools, unless all are already installed.
 *
 * @param folder folder with package.json and package-lock.json
 * @param command command that needs the tools
 * @throws Error in one sentence
 */
export async function installTools(folder, command) {
  const isComplete = () => firstMissing(manifestsOf(folder), folder) === undefined;
  if (isComplete()) return;
  lock("packages", `the installation of packages for ${command}`);
  if (!isComplete()) await npmCi(folder);
}

function hasMore(whole, needed) {
  return Object.keys(whole.lockfile.packages).some(
    (path) => !(path in needed.lockfile.packages) && existsSync(join(ROOT, path)),
  );
}

/** Installs into a temporary directory, whose node_modules then replaces that of the project. */
async function installSeparately({ manifest, lockfile }) {
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

function checkNodeVersion() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major < oldest || (major === oldest && minor < oldestMinor))
    throw new Error(`Node: got ${process.versions.node}, expected ${OLDEST_NODE.join(".")} or later`);
}

/** Returns the path of the first package of a lockfile that is not installed in its version. */
export function firstMissing({ lockfile } = manifestsOf(ROOT), root = ROOT) {
  const [missing] =
    Object.entries(lockfile.packages).find(
      ([path, locked]) => path !== "" && isNeeded(locked) && versionOf(join(root, path)) !== locked.version,
    ) ?? [];
  return missing;
}

/** Whether a package must be installed. The installation of optional packages without a platform may fail. */
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

/** Version in a manifest. Some packages write `v1.0.0`; npm and the lockfile mean `1.0.0` by it. */
function versionOf(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).version.replace(/^v/, "");
  } catch {
    return undefined;
  }
}

/** Runs `npm ci`. Its output goes to a pipe of this process, so npm continues if the output of this process is closed. */
async function npmCi(directory) {
  const started = Date.now();
  const progress = setInterval(
    () => console.log(`  … ${Math.round((Date.now() - started) / 1000)} s`),
    PROGRESS_MS,
  );
  await withNpmEnvironment(process.env, async (env) => {
    const { reason } = await npm(NPM_CI, directory, env);
    if (reason === undefined) return;
    const { output } = await npm(["config", "get", "registry"], directory, env);
    const hint = "Hint: check the connection; 'npm config set registry URL' changes the registry";
    throw new Error(`npm ci failed: ${reason}; registry: ${output.trim()}. ${hint}`);
  }).finally(() => clearInterval(progress));
}

/** Runs npm. @returns its output and, if it fails, the reason */
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

/** First error of npm, without the lines of error codes before it. */
function firstError(output) {
  return /^npm (?:error|ERR!) (?!code |errno |syscall )(.*)$/m.exec(output)?.[1];
}
