import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { defineCluster } from "../../../lib/config/define";
import type { EnvironmentDefinition } from "../../../lib/config/definition";
import { LocalStack } from "../../../lib/local/stack/local-stack";
import { packageFile } from "../../../lib/node/package-file";
import { LOCK_REQUESTS, type LockRequest } from "../../../lib/node/packages/lock-request";
import { lockfileText } from "../../../lib/node/packages/lockfile";
import { readPackages } from "../../../lib/node/packages/read-packages";
import { planNodes } from "../../../lib/node/plan";
import { issuesIn } from "../../config/issues-of";
import { testDirectory } from "../../support/directory";
import { writeWheel } from "../../support/packages/wheels";
import { testApp } from "../../support/synthesized";

const directory = testDirectory("packages");
const path = (name: string) => relative(process.cwd(), join(directory, name));
const lockfiles = path("locks");
const COMMAND = "run `npx cdktf-dask lock packed`";

const clusterOf = (environment: EnvironmentDefinition, gpu = false) =>
  defineCluster({
    name: "packed",
    network: { adminSubnets: ["10.0.0.0/8"] },
    pools: [{ name: "cpu", kind: "cpu" }, ...(gpu ? [{ name: "gpu", kind: "gpu" } as const] : [])],
    environment: { lockfiles, ...environment },
  });
const issuesOf = (environment: EnvironmentDefinition, gpu = false) =>
  readPackages(clusterOf(environment, gpu)).issues;

/** The request that the cluster writes for the command `lock`. */
function request(environment: EnvironmentDefinition, gpu = false): LockRequest {
  const file = join(directory, "requests");
  rmSync(file, { force: true });
  process.env[LOCK_REQUESTS] = file;
  try {
    expect(issuesOf(environment, gpu)).toEqual([]);
    return JSON.parse(readFileSync(file, "utf8"));
  } finally {
    delete process.env[LOCK_REQUESTS];
  }
}

/** Writes a lockfile as the command `lock` does. */
function lock(environment: EnvironmentDefinition, kind = "cpu", packages = `of-${kind}==1.0\n`): string {
  const { inputs } = request(environment, kind === "gpu");
  const file = join(directory, "locks", `${kind}.txt`);
  mkdirSync(dirname(file), { recursive: true });
  const text = lockfileText("packed", { python: "3.11", inputs }, packages);
  writeFileSync(file, text);
  return text;
}

beforeEach(() => rmSync(join(directory, "locks"), { recursive: true, force: true }));

test("uses the lockfiles of the release without packages", () => {
  const { lockfiles, own, issues } = readPackages(clusterOf({}));

  expect(lockfiles).toEqual({
    cpu: packageFile("locks/2026.7/cpu.txt"),
    gpu: packageFile("locks/2026.7/gpu.txt"),
  });
  expect({ own, issues }).toEqual({ own: false, issues: [] });
});

test("reads the lockfiles that the cluster needs", () => {
  const environment = { packages: ["alpha"] };
  const cpu = lock(environment);
  expect(readPackages(clusterOf(environment))).toMatchObject({ lockfiles: { cpu }, own: true, issues: [] });

  expect(issuesOf(environment, true)).toEqual([
    {
      path: "environment.lockfiles",
      value: `${lockfiles}/gpu.txt`,
      expected: "the lockfile of your packages: it is missing",
      hint: COMMAND,
    },
  ]);
  const gpu = lock(environment, "gpu");
  expect(readPackages(clusterOf(environment, true))).toMatchObject({ lockfiles: { cpu, gpu }, issues: [] });
});

test("requests a lockfile with requirements, wheels and index", () => {
  writeFileSync(
    join(directory, "requirements.txt"),
    "# ours\n\nbeta>=1  # why\ngamma[extra]==2.* ; python_version < '4'\n",
  );
  const { path: wheel } = writeWheel(directory, { name: "My_lib", version: "1.2" });
  const index = { url: "https://pypi.company.internal/simple", credentialsSecret: "pypi" };

  expect(
    request({ packages: ["alpha"], requirements: path("requirements.txt"), wheels: [wheel], index }, true),
  ).toMatchObject({
    cluster: "packed",
    requirements: ["alpha", "beta>=1", "gamma[extra]==2.* ; python_version < '4'"],
    wheels: [{ file: wheel, name: "my-lib", version: "1.2" }],
    index: { ...index, extraUrls: [] },
    folder: join(directory, "locks"),
    kinds: ["cpu", "gpu"],
    platforms: [{ python: "3.12", machine: "x86_64" }],
  });
  expect(request({})).not.toHaveProperty("folder");
});

test("a local stack takes part in requests, and reports the same issues as nodes", () => {
  const cluster = clusterOf({ packages: ["alpha"] });
  const issue = {
    path: "environment.lockfiles",
    value: `${lockfiles}/cpu.txt`,
    expected: "the lockfile of your packages: it is missing",
    hint: COMMAND,
  };
  expect(issuesIn(() => planNodes(cluster))).toEqual([issue]);
  expect(issuesIn(() => new LocalStack(testApp(), "local", { cluster }))).toEqual([issue]);

  const file = join(directory, "of-local-stack");
  process.env[LOCK_REQUESTS] = file;
  try {
    new LocalStack(testApp(), "local", { cluster });
  } finally {
    delete process.env[LOCK_REQUESTS];
  }
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    cluster: "packed",
    requirements: ["alpha"],
  });
});

describe("a lockfile that is not the one of the definition", () => {
  const environment = { packages: ["alpha"] };
  const issueOf = (expected: string) => [
    { path: "environment.lockfiles", value: `${lockfiles}/cpu.txt`, expected, hint: COMMAND },
  ];
  const EDITED = "a lockfile as the command wrote it: it was edited";
  const CHANGED = "the lockfile of this definition: release, packages, wheels or indexes have changed since";

  test.each([
    ["another version", (text: string) => text.replace("1.0", "1.1")],
    ["a line at its end", (text: string) => `${text}beta==1.0\n`],
    ["no header", (text: string) => text.replace(/^#.*\n/gm, "")],
    ["Windows line ends", (text: string) => text.replaceAll("\n", "\r\n")],
    ["nothing", () => ""],
  ])("with %s was edited", (_, edit) => {
    writeFileSync(join(directory, "locks/cpu.txt"), edit(lock(environment)));

    expect(issuesOf(environment)).toEqual(issueOf(EDITED));
  });

  test("is outdated after a change of packages, wheels, indexes or release, but not of their order", () => {
    const { path: wheel } = writeWheel(directory, { name: "mine", version: "1.0" });
    lock({ packages: ["alpha", "beta"], wheels: [wheel] });
    expect(issuesOf({ packages: ["beta", "alpha"], wheels: [wheel] })).toEqual([]);

    expect(issuesOf({ packages: ["alpha"], wheels: [wheel] })).toEqual(issueOf(CHANGED));
    expect(
      issuesOf({ packages: ["alpha", "beta"], wheels: [wheel], index: { extraUrls: ["https://a.example"] } }),
    ).toEqual(issueOf(CHANGED));
    writeWheel(directory, { name: "mine", version: "1.0", code: "CHANGED = True" });
    expect(issuesOf({ packages: ["alpha", "beta"], wheels: [wheel] })).toEqual(issueOf(CHANGED));
  });
});

describe("inputs that nodes cannot install", () => {
  const issueOf = (path: string, value: unknown, expected: string, hint: string) => [
    { path, value, expected, hint },
  ];
  const PLATFORM_HINT = "build it for that platform, or as py3-none-any if it has only Python";
  const PLATFORM = "a wheel for Python 3.12 on Linux x86_64, which nodes have";

  test.each([
    ["another Python", "cp311-cp311-manylinux_2_17_x86_64"],
    ["macOS", "cp312-cp312-macosx_11_0_arm64"],
    ["arm64", "cp312-cp312-manylinux_2_17_aarch64"],
    ["Windows", "py3-none-win_amd64"],
    ["a later stable ABI", "cp313-abi3-manylinux_2_17_x86_64"],
    ["Python 2", "py2-none-any"],
  ])("a wheel for %s", (_, tags) => {
    const { path } = writeWheel(directory, { name: "native", version: "1.0", tags });

    expect(issuesOf({ wheels: [path] })).toEqual(
      issueOf("environment.wheels[0]", `native-1.0-${tags}.whl`, PLATFORM, PLATFORM_HINT),
    );
  });

  test.each([
    "py3-none-any",
    "py2.py3-none-any",
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp311-abi3-manylinux2014_x86_64",
    "cp312-cp312-linux_x86_64",
    "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64",
  ])("a wheel with the tags %s is for nodes", (tags) => {
    const { path } = writeWheel(directory, { name: "native", version: "1.0", tags });

    expect(request({ wheels: [path] }).wheels).toHaveLength(1);
  });

  test("wheels of other platforms are for clients if one is for the nodes", () => {
    const wheels = ["manylinux_2_17_x86_64", "macosx_11_0_arm64"].map(
      (platform) =>
        writeWheel(directory, { name: "both", version: "1.0", tags: `cp312-cp312-${platform}` }).path,
    );

    expect(request({ wheels }).wheels.map(({ file }) => file)).toEqual(wheels);
  });

  test("a missing wheel, and a file name that is not one of a wheel", () => {
    const missing = path("gone-1.0-py3-none-any.whl");
    expect(existsSync(missing)).toBe(false);

    expect(issuesOf({ wheels: [missing, "dist/mine.whl"] })).toEqual([
      {
        path: "environment.wheels[0]",
        value: missing,
        expected: `a file: ${join(directory, "gone-1.0-py3-none-any.whl")} is missing`,
        hint: "build it, for example with `uv build --wheel`; paths are relative to the working directory",
      },
      {
        path: "environment.wheels[1]",
        value: "dist/mine.whl",
        expected: "a file name of a wheel: name, version and tags, such as my_lib-1.2-py3-none-any.whl",
        hint: "keep the name that the build gave it: pip and uv read the version and the tags from it",
      },
    ]);
  });

  test("wheels of more than 100 MB together", () => {
    const { path } = writeWheel(directory, { name: "large", version: "1.0" });
    truncateSync(path, 100_000_001);

    expect(issuesOf({ wheels: [path] })).toEqual(
      issueOf(
        "environment.wheels",
        [path],
        "wheels of at most 100000000 bytes together: they have 100000001",
        "publish large ones in an index (environment.index)",
      ),
    );
  });

  test.each([
    ["another file", "-r more.txt"],
    ["an option", "--index-url https://pypi.company.internal/simple"],
    ["a URL", "mine @ https://example.com/mine-1.0-py3-none-any.whl"],
    ["a path", "./dist/mine"],
    ["a version without an operator", "mine 1.0"],
  ])("a requirements file with %s", (_, line) => {
    writeFileSync(join(directory, "bad.txt"), `alpha==1.0\n${line}\n`);
    const file = path("bad.txt");

    expect(issuesOf({ requirements: file })).toEqual(
      issueOf(
        "environment.requirements",
        line,
        `a requirement with name and versions, such as xgboost==3.1.*, in line 2 of ${file}`,
        "name a package of an index; add a wheel of your own to environment.wheels instead of its URL",
      ),
    );
  });

  test("a missing requirements file", () => {
    const file = path("missing.txt");

    expect(issuesOf({ requirements: file })).toEqual(
      issueOf(
        "environment.requirements",
        file,
        `a file: ${join(directory, "missing.txt")} is missing`,
        "create it; paths are relative to the working directory",
      ),
    );
  });

  test("are reported together", () => {
    const paths = issuesOf({ requirements: path("missing.txt"), wheels: ["a.whl", "b.whl"] }).map(
      ({ path }) => path,
    );

    expect(paths).toEqual(["environment.requirements", "environment.wheels[0]", "environment.wheels[1]"]);
  });
});
