import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findPython } from "../../lib/local/python";

/** Time for a first installation: Dask with its dependencies over a slow line. */
export const TOOLS_TIMEOUT = 10 * 60_000;

/** Folder of the commands that the tests need and no npm package has: python with Dask, pytest, ruff, shellcheck. */
export async function pythonTools(): Promise<string> {
  const { path } = await findPython(["3.12", "3.13", "3.11"]);
  const answer = execFileSync(path, [join(__dirname, "python_tools.py")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TOOLS_TIMEOUT,
  });
  return answer.trim();
}
