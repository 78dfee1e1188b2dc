// Functions that the scripts use before packages are installed and the project is compiled.

import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Path of the checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Name of the local stack, its environment and its cluster. */
export const LOCAL = "local";

/** Whether a module is the script that Node runs. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1]);
}

/** Takes a lock of the project until this process ends. @throws LockedError if another process has it */
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

// The pipe may close before the script ends (`npm start | head`). The script continues.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
