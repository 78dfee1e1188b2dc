import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";
import { pythonTools, TOOLS_TIMEOUT } from "../support/python-tools";

const PYTEST_TIMEOUT = 5 * 60_000;

/** Runs test_drain.py, whose tests say what they show; its output is the message of a failure. */
test(
  "drain.py moves data and never hangs; registered.py counts a machine's workers (pytest, real Dask)",
  async () => {
    const tools = await pythonTools();
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    const directory = mkdtempSync(join(packageRoot(), ".test", "drain-"));
    try {
      const { stdout, status } = spawnSync(
        join(tools, "python"),
        [
          ...["-m", "pytest", "-p", "no:cacheprovider", "--timeout", "120", "--quiet"],
          ...["--basetemp", join(directory, "pytest"), join(__dirname, "test_drain.py")],
        ],
        {
          encoding: "utf8",
          timeout: PYTEST_TIMEOUT,
          env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
        },
      );
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/\n8 passed in /) });
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  TOOLS_TIMEOUT + PYTEST_TIMEOUT,
);
