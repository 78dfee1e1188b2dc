import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPython } from "../../../lib/local/runtime/python";
import { pythonModule } from "../../../lib/local/runtime/python-module";
import { packageRoot } from "../../../lib/node/package-file";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("module");

test("runs a module without installation, ignores modules in the working directory, and writes no files", async () => {
  const { path } = await findPython(["3.12", "3.13", "3.11"]);
  const { argv, env } = pythonModule(path, "smoke_test.expectation");
  for (const name of ["cdktf_dask.py", "json.py"])
    writeFileSync(join(directory, name), "raise SystemExit(9)");
  const [command = "", ...args] = argv;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: directory,
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH: process.env.PATH, ...env },
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(existsSync(join(packageRoot(), "python/src/cdktf_dask/__pycache__"))).toBe(false);
});
