// Runs cdktf for the local stack and prints the output of its provisioners only.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { LOCAL, localModule } from "./main.mjs";

const { deployEnvironment } = createRequire(import.meta.url)("../lib/local/runtime/tool-environment.cjs");

/** Complete output of the last run of cdktf and Terraform. */
const LOG = "cdktf.out/cdktf.log";

const CDKTF = "node_modules/cdktf-cli/bundle/bin/cdktf";

/** App with the local stack only, because the bindings of providers may not be installed. */
export const LOCAL_APP = "node scripts/synth.mjs local";

/** Environment variables that prevent a second compilation, files in the home directory, network access and colors. */
const ENVIRONMENT = {
  CDKTF_DASK_COMPILED: "1",
  CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
  CHECKPOINT_DISABLE: "1",
  CI: "1",
  DISABLE_VERSION_CHECK: "1",
  FORCE_COLOR: "0",
  // An empty Terraform configuration; otherwise Terraform reads ~/.terraformrc and ~/.terraform.d.
  TF_CLI_CONFIG_FILE: devNull,
};

/**
 * Runs cdktf and waits for it. Forwards only the first signal: npm and the terminal both send one, and Terraform stops without
 * cleaning up after the second.
 *
 * @param variables environment variables of the app
 * @returns exit code; complete output; `interrupted`: whether a signal arrived; `hasPrinted`: whether a provisioner printed
 * something; `failure`: error message
 */
export function cdktf(args, terraform, variables = {}) {
  const env = { ...deployEnvironment(process.env), ...ENVIRONMENT, ...terraform.env, ...variables };
  const child = spawn(process.execPath, [CDKTF, ...args], {
    detached: true,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (interrupted) return;
      interrupted = true;
      console.log("interrupted; cleaning up");
      child.kill("SIGINT");
    });
  }
  let hasPrinted = false;
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (raw) => {
      const line = stripVTControlCharacters(raw).trimEnd();
      lines.push(line);
      const printed = /\(local-exec\): (?!Executing: )(.*)/.exec(line)?.[1];
      if (printed === undefined) return;
      hasPrinted = true;
      console.log(printed);
    });
  }
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const output = lines.join("\n");
      mkdirSync("cdktf.out", { recursive: true });
      localModule("files").replaceFile(LOG, `${output}\n`);
      resolve({ code, output, interrupted, hasPrinted, failure: `${firstError(output)}\nlog: ${LOG}` });
    });
  });
}

/** Terraform's first error, or the complete output, such as all validation errors of a definition. */
function firstError(output) {
  return /^\W*Error: (.*)$/m.exec(output)?.[1] ?? output;
}

/**
 * Starts a command of the local cluster in the background.
 *
 * @returns a function that waits for its end, after a signal if `cancel` is true
 */
export function startLocalCommand(command, variables) {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, ["dist/lib/local/runtime/cli.js", command, LOCAL], {
    detached: true,
    env,
    stdio: ["ignore", "inherit", "ignore"],
  });
  const ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
  return async (cancel) => {
    if (cancel) child.kill();
    await ended;
  };
}

/** Runs a command of the local cluster like a provisioner, but without Terraform. */
export function runLocalCommand(command) {
  const { status } = spawnSync(process.execPath, ["dist/lib/local/runtime/cli.js", command, LOCAL], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`'${command}' of the local cluster failed; see above`);
}
