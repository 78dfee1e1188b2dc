import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RELEASE_NAMES, RELEASES, type ReleaseName } from "../../lib/config/releases";
import { packageFile, packageRoot } from "../../lib/node/package-file";

/** Packages of a lockfile, by name: their version, and the hashes of their wheels. */
function pinsIn(path: string): Map<string, { version: string; hashes: string }> {
  const packages = packageFile(path).matchAll(
    /^([a-z0-9-]+)(?:\[.+\])?==([^ ]+) [^\n]*\\\n((?: {4}--hash=.+\n)+)/gm,
  );
  return new Map(
    [...packages].map(([, name = "", version = "", hashes = ""]) => [name, { version, hashes }]),
  );
}

const versionIn = (release: ReleaseName, name: string) =>
  pinsIn(`locks/${release}/gpu.txt`).get(name)?.version;

test("locks/ has a folder for each release and one for the tools", () => {
  expect(readdirSync(join(packageRoot(), "locks")).sort()).toEqual([...RELEASE_NAMES, "tools"].sort());
});

describe.each(RELEASE_NAMES)("release %s", (name) => {
  const release = RELEASES[name];

  test("locks the versions that the catalogue names", () => {
    expect(versionIn(name, "dask")).toBe(release.dask);
    expect(versionIn(name, "distributed")).toBe(release.dask);
    expect(versionIn(name, "rmm-cu12")).toBe(release.rmm);
    expect(versionIn(name, release.ucx?.package ?? "distributed-ucxx-cu12")).toBe(release.ucx?.version);
    // RAPIDS writes 24.08, a wheel 24.8.2.
    const [year, month] = release.rapids.split(".").map(Number);
    expect(versionIn(name, "dask-cuda")).toMatch(new RegExp(`^${year}\\.${month}\\.\\d+$`));
  });

  test("takes its CUDA libraries from the source in the catalogue", () => {
    const { cuda } = release;
    const toolkit = cuda.from === "wheels" ? expect.stringMatching(`^${cuda.version}\\.`) : undefined;
    expect(versionIn(name, "cuda-toolkit")).toEqual(toolkit);
  });

  test("is resolved for the Python versions of the catalogue", () => {
    const [, node, local] =
      /^# python: node (\S+); local (.+)$/m.exec(packageFile(`locks/${name}/cpu.in`)) ?? [];
    expect(node).toBe(release.python);
    expect(local?.split(" ").sort()).toEqual([...release.localPythons].sort());
  });

  test("pins the same wheels for GPU workers as for CPU workers and scheduler", () => {
    const gpu = pinsIn(`locks/${name}/gpu.txt`);
    const cpu = pinsIn(`locks/${name}/cpu.txt`);
    expect(cpu.size).toBeGreaterThan(50);
    for (const [pin, locked] of cpu) expect([pin, gpu.get(pin)]).toEqual([pin, locked]);
  });
});

test("no lockfile contains an index, a folder of wheels or an absolute path", () => {
  const files = [...RELEASE_NAMES, "tools"].flatMap((folder) =>
    readdirSync(join(packageRoot(), "locks", folder)).map((file) => `locks/${folder}/${file}`),
  );
  const locks = files.filter((file) => file.endsWith(".txt"));
  // CPU and GPU of each release, and Checkov, pip, supervisor, Terraform and uv.
  expect(locks).toHaveLength(2 * RELEASE_NAMES.length + 5);
  expect(locks.filter((file) => /:\/\/|index|find-links|^\s*(-r )?\//m.test(packageFile(file)))).toEqual([]);
});
