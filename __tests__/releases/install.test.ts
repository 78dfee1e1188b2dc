import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { RELEASE_NAMES, RELEASES, type ReleaseName } from "../../lib/config/releases";
import { packageRoot } from "../../lib/node/package-file";

const VERIFY = join(__dirname, "verify_lock.py");

// 3 GB of wheels over a slow line, then imports of the largest from a cold disk.
const LIMIT = 25 * 60_000;

/** Modules of every node; pyarrow, because an incompatible NumPy fails only at its import. */
const COMMON = ["dask", "distributed", "dask.array", "dask.dataframe", "pyarrow", "bokeh", "s3fs", "boto3"];

/** Modules that each release's GPU workers need; all of them import without a GPU. */
const GPU: Readonly<Record<ReleaseName, readonly string[]>> = {
  "2026.7": ["dask_cuda", "rmm", "ucxx", "distributed_ucxx", "cupy", "cudf", "dask_cudf"],
  "2024.7": ["dask_expr", "dask_cuda", "cupy", "numba.cuda"],
};

/** A test with a version of Python; it is skipped if this computer does not have it. */
const testOn = (python: string) => {
  const program = `import sys, verify_lock; sys.exit(verify_lock.find_python("${python}") is None)`;
  return spawnSync("python3", ["-B", "-c", program], { cwd: __dirname, timeout: 60_000 }).status === 0
    ? test
    : test.skip;
};

function verify(name: ReleaseName, lock: string, python: string, modules: readonly string[]) {
  const { dask } = RELEASES[name];
  const work = join(packageRoot(), ".test", "releases");
  const argv = [
    ...[VERIFY, "--lock", join(packageRoot(), "locks", name, lock), "--python", python, "--work", work],
    ...["--expect", `dask=${dask}`, "--expect", `distributed=${dask}`, "--import", modules.join(",")],
    // Wheels are kept for the next run; CI chooses the folder.
    ...(process.env.UV_CACHE_DIR ? [] : ["--cache", join(packageRoot(), ".test", "wheels")]),
  ];
  const { stdout } = spawnSync("python3", argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT,
  });
  const result = JSON.parse(stdout || '{"problems": ["it was killed before it had a result"]}');
  expect(result.problems).toEqual([]);
  expect(result.imports).toMatchObject({ dask, distributed: dask });
  expect(Object.keys(result.imports)).toEqual(modules);
}

describe.each(RELEASE_NAMES)("release %s installs and imports", (name) => {
  const { python, localPythons } = RELEASES[name];

  for (const local of localPythons) {
    testOn(local)(
      `with Python ${local} of this computer`,
      () => verify(name, "cpu.txt", local, COMMON),
      LIMIT,
    );
  }
  testOn(python)("on a GPU node", () => verify(name, "gpu.txt", python, [...COMMON, ...GPU[name]]), LIMIT);
});
