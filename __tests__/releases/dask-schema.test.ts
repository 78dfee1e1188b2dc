import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { RELEASE_NAMES } from "../../lib/config/releases";
import { packageRoot } from "../../lib/node/package-file";

test("the schemas of Dask's configuration are those of the locked packages", () => {
  const script = join(packageRoot(), "scripts", "dask_schema.py");
  const { stdout, stderr } = spawnSync("python3", ["-B", script, "--check"], {
    encoding: "utf8",
    timeout: 300_000,
  });
  expect(stderr).toBe("");
  expect(stdout.match(/^release \S+(?=: \d+ bytes$)/gm)).toEqual(
    [...RELEASE_NAMES].sort().map((name) => `release ${name}`),
  );
}, 310_000);
