import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RELEASE_NAMES, RELEASES, type ReleaseName } from "../../lib/config/releases";
import { packageFile, packageRoot } from "../../lib/node/package-file";

const NODE_LINE = /^([a-z0-9-]+)==([^ ]+) --hash=sha256:([0-9a-f]{64})$/;

/** Packages of a node's lockfile with version and hash; every line must be one pin with one hash. */
function nodePins(path: string): Map<string, { version: string; hash: string }> {
  const lines = packageFile(path).trimEnd().split("\n");
  expect(lines.filter((line) => !NODE_LINE.test(line))).toEqual([]);
  const pins = lines.map((line) => NODE_LINE.exec(line) ?? []);
  return new Map(pins.map(([, name = "", version = "", hash = ""]) => [name, { version, hash }]));
}

const versionIn = (release: ReleaseName, name: string) =>
  nodePins(`locks/${release}/gpu.node.txt`).get(name)?.version;

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
    const gpu = nodePins(`locks/${name}/gpu.node.txt`);
    for (const [pin, locked] of nodePins(`locks/${name}/cpu.node.txt`)) {
      expect([pin, gpu.get(pin)]).toEqual([pin, locked]);
    }
  });

  test.each(["cpu", "gpu"])("pins the same wheels on a %s node as in the local stack", (kind) => {
    const universal = packageFile(`locks/${name}/${kind}.txt`);
    for (const [pin, { version, hash }] of nodePins(`locks/${name}/${kind}.node.txt`)) {
      expect(universal).toMatch(new RegExp(`^${pin}(\\[.+\\])?==${version.replaceAll(".", "\\.")} `, "m"));
      expect(universal).toContain(`--hash=sha256:${hash}`);
    }
  });
});

test("no lockfile contains an index, a folder of wheels or an absolute path", () => {
  const files = [...RELEASE_NAMES, "tools"].flatMap((folder) =>
    readdirSync(join(packageRoot(), "locks", folder)).map((file) => `locks/${folder}/${file}`),
  );
  const locks = files.filter((file) => file.endsWith(".txt"));
  expect(locks.length).toBeGreaterThan(8);
  expect(locks.filter((file) => /:\/\/|index|find-links|^\s*(-r )?\//m.test(packageFile(file)))).toEqual([]);
});
