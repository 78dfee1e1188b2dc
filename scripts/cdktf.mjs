// Runs cdktf for the local stack and shows what its provisioners say, without the words of Terraform around it.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

/** Every script of the local stack works in the checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Name of the stack, of its environment and of its cluster. */
export const LOCAL = "local";

const CDKTF = createRequire(import.meta.url).resolve("cdktf-cli/bundle/bin/cdktf");

/** What keeps cdktf and Terraform from writing to the home directory, from asking the network and from drawing. */
const QUIET = {
  CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
  CHECKPOINT_DISABLE: "1",
  CI: "1",
  DISABLE_VERSION_CHECK: "1",
  FORCE_COLOR: "0",
};

/** Compiles the project. */
export function compile() {
  const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"];
  if (spawnSync(process.execPath, tsc, { stdio: "inherit" }).status !== 0)
    throw new Error("the project does not compile; correct the errors above and try again");
}

/**
 * Runs cdktf and waits for its end. A signal is passed on once: at a terminal, npm and the terminal send it twice, and
 * Terraform takes the second for an order to leave everything as it is.
 *
 * @returns exit code, all of its output, whether a signal came, and whether a provisioner has told the reader anything
 */
export function cdktf(args, terraform) {
  const env = { ...process.env, ...QUIET, ...terraform.env };
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
    child.on("close", (code) => resolve({ code, output: lines.join("\n"), interrupted, told }));
  });
}

/** Runs a verb of the local stack's own command: what its provisioners do, without Terraform. */
export function localStack(verb) {
  execFileSync(process.execPath, ["dist/lib/local/cli.js", verb, LOCAL], { stdio: "inherit" });
}
