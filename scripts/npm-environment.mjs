// What npm is run with: how to reach the registry, from npm's variables and configuration files, and nothing of what says
// where packages go or which are installed.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./main.mjs";

const { toolEnvironment } = createRequire(import.meta.url)("../lib/local/runtime/shell.cjs");

/** npm's settings that say how to reach a registry (npm Docs, "Config"); `//host/:_authToken` and the like too. */
const REACH =
  /^(\/\/.*|(@[^:]+:)?registry|_auth(Token)?|ca(\[\])?|cafile|cert|key|strict-ssl|(https?-)?proxy|no-?proxy|local-address|fetch-(retries|retry-\w+|timeout)|maxsockets)$/;

const PREFIX = /^npm_config_/i;

/** A line such as `registry=https://…`. */
const LINE = /^\s*([^#;=\s][^=]*?)\s*=/;

/**
 * Calls an action with the environment for npm. The settings are in a file, as shells drop variables with names such as
 * `npm_config_//host/:_authToken`.
 *
 * @param env the environment of the user's shell
 */
export async function withNpmEnvironment(env, action) {
  const lines = reachSettings(env);
  const file = join(ROOT, ".npm", `settings-${process.pid}.npmrc`);
  mkdirSync(join(ROOT, ".npm"), { recursive: true });
  writeFileSync(file, lines.join("\n"), { mode: 0o600 });
  try {
    const config = { npm_config_userconfig: file, npm_config_globalconfig: join(devNull, "npmrc") };
    return await action({ ...toolEnvironment(env), ...referenced(lines, env), ...config });
  } finally {
    rmSync(file, { force: true });
  }
}

/** Lines of the settings that say how to reach a registry; where npm takes one value, the last one counts. */
function reachSettings(env) {
  const files = [configFile("globalconfig", env), configFile("userconfig", env)];
  return [...files.flatMap((file) => textOf(file).split("\n")), ...linesOf(env)].filter((line) =>
    REACH.test(LINE.exec(line)?.[1] ?? ""),
  );
}

/** Which file npm reads: the one that is set, or npm's default. */
function configFile(name, env) {
  const set = Object.entries(env).find(([key]) => key.toLowerCase() === `npm_config_${name}`)?.[1];
  if (set) return set;
  if (name === "userconfig") return join(homedir(), ".npmrc");
  try {
    // In an environment without npm's variables, as one of them may be why npm fails.
    return execFileSync("npm", ["config", "get", name], {
      env: toolEnvironment(env),
      encoding: "utf8",
    }).trim();
  } catch {
    return devNull;
  }
}

/** npm's variables as lines; npm reads a value in quotes as JSON. */
function linesOf(env) {
  return Object.entries(env)
    .filter(([variable, value]) => PREFIX.test(variable) && value)
    .map(([variable, value]) => {
      const name = variable.replace(PREFIX, "");
      const setting = name.startsWith("//") ? name : name.replaceAll("_", "-").toLowerCase();
      return `${setting}=${JSON.stringify(value)}`;
    });
}

/** Variables that values refer to as `${NAME}`, such as tokens. */
function referenced(lines, env) {
  const names = lines.flatMap((line) => [...line.matchAll(/\$\{(\w+)\??\}/g)].map(([, name]) => name));
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}

function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
