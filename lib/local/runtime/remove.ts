import { rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { LocalPaths } from "../paths";
import { endProcesses } from "./processes";

/** Ends all processes of a local cluster and removes its files, and `.dask` with the last cluster. */
export async function remove(paths: LocalPaths): Promise<void> {
  await endProcesses(paths);
  rmSync(paths.root, { recursive: true, force: true, maxRetries: 3 });
  try {
    rmdirSync(dirname(paths.root));
  } catch {
    // Not empty because of another cluster, or missing.
  }
}
