// What every script of the local stack needs before anything is installed or compiled.

import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Every script of the local stack works in the checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Name of the stack, of its environment and of its cluster. */
export const LOCAL = "local";

/** Whether a module is the script that Node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1]);
}

/** Takes a lock of the project until this process ends; fails if another process has it. */
export function lock(name, command) {
  createRequire(import.meta.url)("../lib/local/runtime/lock.cjs").acquireLock(
    `${ROOT}.dask/.locks/${name}`,
    command,
  );
}

/** Loads a compiled module of lib/local. */
export function localModule(name) {
  return createRequire(import.meta.url)(`../dist/lib/local/${name}.js`);
}

// The reader may go before the script ends (`npm start | less`); the script still ends what it has begun.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
