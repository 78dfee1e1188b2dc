import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";
import { checkers, INSTALL_TIMEOUT } from "./python-environment";

/** Time for one run of pytest. */
const RUN_TIMEOUT = 5 * 60_000;

/** Time for a jest test that runs pytest, the first installation of its environment included. */
export const PYTEST_TIMEOUT = INSTALL_TIMEOUT + RUN_TIMEOUT;

/**
 * Runs a file or folder of Python tests.
 *
 * @param environment whose pytest runs them; by default that of the release's lock
 * @param timeout in milliseconds, for all of them
 * @returns how many passed
 * @throws Error with pytest's output where one did not pass
 */
export async function pytest(
  path: string,
  environment: () => Promise<string> = checkers,
  timeout: number = RUN_TIMEOUT,
): Promise<number> {
  const tools = await environment();
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  const directory = mkdtempSync(join(packageRoot(), ".test", "pytest-"));
  try {
    const options = [
      "-p",
      "no:cacheprovider",
      "--timeout",
      "120",
      "--quiet",
      "--basetemp",
      join(directory, "run"),
    ];
    const { stdout, stderr, status } = spawnSync(join(tools, "python"), ["-m", "pytest", ...options, path], {
      encoding: "utf8",
      timeout,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    const [, passed] = /^(\d+) passed in /m.exec(stdout) ?? [];
    if (status !== 0 || passed === undefined)
      throw new Error(`pytest ${path} ended with ${status}:\n${stdout}${stderr}`);
    return Number(passed);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
