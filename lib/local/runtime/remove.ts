import { rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { LocalPaths } from "../paths";
import { endProcesses } from "./processes";

/** Ends every process of a local stack and removes every file, and `.dask` after the last of them. */
export async function remove(paths: LocalPaths): Promise<void> {
  await endProcesses(paths);
  rmSync(paths.root, { recursive: true, force: true, maxRetries: 3 });
  try {
    rmdirSync(dirname(paths.root));
  } catch {
    // Another local stack is there, or there was none.
  }
}
