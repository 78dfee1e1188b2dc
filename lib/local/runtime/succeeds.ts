import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { toolEnvironment } from "./tool-environment.cjs";

/** Milliseconds to import Dask from a slow disk. */
const TIMEOUT = 60_000;

/** Returns whether a command succeeds, such as an import of Python. */
export function succeeds([command = "", ...args]: readonly string[]): Promise<boolean> {
  return promisify(execFile)(command, args, { env: toolEnvironment(process.env), timeout: TIMEOUT }).then(
    () => true,
    () => false,
  );
}
