// Runs `npm ci` where node_modules is missing or older than package-lock.json. Needs nothing but Node.

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const INSTALLED = `${ROOT}node_modules/.package-lock.json`;
const TICK = 10_000;

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 9)) {
  console.error(`this is Node ${process.versions.node}; install Node 20.9 or later and try again`);
  process.exit(1);
}

process.chdir(ROOT);
if (!existsSync(INSTALLED) || statSync(INSTALLED).mtimeMs < statSync("package-lock.json").mtimeMs) {
  console.log("installing the packages of package-lock.json (npm ci)");
  const started = Date.now();
  const ticking = setInterval(() => console.log(`  … ${Math.round((Date.now() - started) / 1000)} s`), TICK);
  const npm = spawn("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: "inherit" });
  npm.on("error", (error) => fail(error.message));
  npm.on("close", (code) => {
    clearInterval(ticking);
    if (code !== 0) fail(`exit ${code}`);
  });
}

function fail(reason) {
  console.error(`npm ci failed (${reason}); check the connection to the package registry and try again`);
  process.exit(1);
}
