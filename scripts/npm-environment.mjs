// Environment of npm: only the settings of the user that say how to reach the registry. Other settings could change which
// packages are installed, and where.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./main.mjs";

const { toolEnvironment } = createRequire(import.meta.url)("../lib/local/runtime/tool-environment.cjs");

/** Settings of npm for access to a registry (npm Docs, "Config"), including `//host/:_authToken`. */
const REGISTRY_SETTING =
  /^(\/\/.*|(@[^:]+:)?registry|_auth(Token)?|ca(\[\])?|cafile|cert|key|strict-ssl|(https?-)?proxy|no-?proxy|local-address|fetch-(retries|retry-\w+|timeout)|maxsockets)$/;

const PREFIX = /^npm_config_/i;

/** Name of a setting in a line such as `registry=https://…`. */
const SETTING_LINE = /^\s*([^#;=\s][^=]*?)\s*=/;

/**
 * Calls an action with the environment of npm. The settings are in a temporary file, because shells drop variables with names
 * such as `npm_config_//host/:_authToken`.
 *
 * @param env the environment of the user's shell
 */
export async function withNpmEnvironment(env, action) {
  const lines = registrySettings(env);
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

/** Settings for access to a registry, as lines. The last line of a name has priority. */
function registrySettings(env) {
  const files = [configFile("globalconfig", env), configFile("userconfig", env)];
  return [...files.flatMap((file) => textOf(file).split("\n")), ...linesOf(env)].filter((line) =>
    REGISTRY_SETTING.test(SETTING_LINE.exec(line)?.[1] ?? ""),
  );
}

/** Path of a configuration file of npm: the configured one, or the default. */
function configFile(name, env) {
  const set = Object.entries(env).find(([key]) => key.toLowerCase() === `npm_config_${name}`)?.[1];
  if (set) return set;
  if (name === "userconfig") return join(homedir(), ".npmrc");
  try {
    // Without npm's variables, because one of them may make npm fail.
    return execFileSync("npm", ["config", "get", name], {
      env: toolEnvironment(env),
      encoding: "utf8",
    }).trim();
  } catch {
    return devNull;
  }
}

/** Variables of npm as lines of a configuration file; npm reads a quoted value as JSON. */
function linesOf(env) {
  return Object.entries(env)
    .filter(([variable, value]) => PREFIX.test(variable) && value)
    .map(([variable, value]) => {
      const name = variable.replace(PREFIX, "");
      const setting = name.startsWith("//") ? name : name.replaceAll("_", "-").toLowerCase();
      return `${setting}=${JSON.stringify(value)}`;
    });
}

/** Variables to which settings refer as `${NAME}`, such as tokens. */
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
