// Runs cdktf for the local stack and shows what its provisioners say, without the words of Terraform around it.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { LOCAL, localModule } from "./main.mjs";

const { deployEnvironment } = createRequire(import.meta.url)("../lib/local/runtime/shell.cjs");

/** Everything that cdktf and Terraform said last. */
const LOG = "cdktf.out/cdktf.log";

const CDKTF = "node_modules/cdktf-cli/bundle/bin/cdktf";

/** The app with the local stack only: without the bindings of providers, which may not be installed. */
export const LOCAL_APP = "node scripts/synth.mjs local";

/** What keeps cdktf from compiling again; what keeps cdktf and Terraform from writing to the home directory, from asking the network and from drawing. */
const QUIET = {
  CDKTF_DASK_COMPILED: "1",
  CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
  CHECKPOINT_DISABLE: "1",
  CI: "1",
  DISABLE_VERSION_CHECK: "1",
  FORCE_COLOR: "0",
  // An empty file of the user's Terraform settings; without it Terraform reads ~/.terraformrc and ~/.terraform.d.
  TF_CLI_CONFIG_FILE: devNull,
};

/**
 * Runs cdktf and waits for its end. A signal is passed on once: at a terminal, npm and the terminal send it twice, and
 * Terraform takes the second for an order to leave everything as it is.
 *
 * @param variables variables of the app
 * @returns exit code, all of its output, whether a signal came, whether a provisioner has told the reader anything, and
 * what to tell the reader of a failure
 */
export function cdktf(args, terraform, variables = {}) {
  const env = { ...deployEnvironment(process.env), ...QUIET, ...terraform.env, ...variables };
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
      console.log("interrupted; putting everything in order");
      child.kill("SIGINT");
    });
  }
  let told = false;
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (raw) => {
      const line = stripVTControlCharacters(raw).trimEnd();
      lines.push(line);
      const said = /\(local-exec\): (?!Executing: )(.*)/.exec(line)?.[1];
      if (said === undefined) return;
      told = true;
      console.log(said);
    });
  }
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const output = lines.join("\n");
      mkdirSync("cdktf.out", { recursive: true });
      localModule("files").replaceFile(LOG, `${output}\n`);
      resolve({ code, output, interrupted, told, failure: `${firstError(output)}\nlog: ${LOG}` });
    });
  });
}

/** Terraform's first error, or everything: a definition's faults are all of interest. */
function firstError(output) {
  return /^\W*Error: (.*)$/m.exec(output)?.[1] ?? output;
}

/** Begins a verb of the local stack's own command. @returns a function that ends it, after itself or at once */
export function beginLocalStack(verb, variables) {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, ["dist/lib/local/runtime/cli.js", verb, LOCAL], {
    detached: true,
    env,
    stdio: ["ignore", "inherit", "ignore"],
  });
  const ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
  return async (atOnce) => {
    if (atOnce) child.kill();
    await ended;
  };
}

/** Runs a verb of the local stack's own command: what its provisioners do, without Terraform. */
export function localStack(verb) {
  const { status } = spawnSync(process.execPath, ["dist/lib/local/runtime/cli.js", verb, LOCAL], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`the local stack's '${verb}' failed; see above`);
}
