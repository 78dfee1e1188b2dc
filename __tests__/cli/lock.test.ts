import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FolderRequest, lockRequests } from "../../lib/cli/lock/lock";
import { pinsOf } from "../../lib/cli/lock/pins";
import type { Uv } from "../../lib/cli/uv";
import { defineCluster } from "../../lib/config/define";
import type { EnvironmentDefinition, PoolDefinition } from "../../lib/config/definition";
import { packageFile } from "../../lib/node/package-file";
import { LOCK_REQUESTS } from "../../lib/node/packages/lock-request";
import { readHeader } from "../../lib/node/packages/lockfile";
import { readPackages } from "../../lib/node/packages/read-packages";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";
import { IndexServer } from "../support/packages/index-server";
import { type TestWheel, writeWheel } from "../support/packages/wheels";
import { supervisor } from "../support/python-environment";

jest.setTimeout(60_000);

const directory = testDirectory("lock");
const index = join(directory, "index");
const LINUX = "cp312-cp312-manylinux_2_17";

/** Packages of the index in addition to those of the release. */
const PACKAGES: readonly TestWheel[] = [
  { name: "alpha", version: "1.0" },
  { name: "alpha", version: "2.0" },
  { name: "beta", version: "1.0", requires: ["alpha<2", "helper"] },
  { name: "helper", version: "0.1" },
  { name: "modern", version: "1.0", requiresPython: ">=3.12" },
  { name: "for_arm", version: "1.0", tags: `${LINUX}_aarch64` },
  { name: "dask", version: "2025.1.0" },
  { name: "pandas", version: "1.5.3" },
  { name: "old_frames", version: "1.0", requires: ["pandas<2"] },
  { name: "lost", version: "1.0", requires: ["no-such-dependency"] },
];

let server: IndexServer;
let uv: Uv;
const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);

beforeAll(async () => {
  for (const [name, version] of pinsOf(packageFile("locks/2026.7/gpu.txt"))) {
    // dask-ml needs pandas 2, as the real one.
    const requires = name === "dask-ml" ? ["pandas>=2.0"] : [];
    writeWheel(index, { name: name.replaceAll("-", "_"), version, requires });
  }
  for (const wheel of PACKAGES) writeWheel(index, wheel);
  writeFileSync(join(index, "sources-1.0.tar.gz"), "");
  server = await IndexServer.start(index);
  process.env.UV_CACHE_DIR = join(directory, "cache");
  uv = {
    path: join(await supervisor(), "uv"),
    index: { url: server.url, extraUrls: [], findLinks: [], noIndex: false, trustedHosts: [], retries: "0" },
  };
});
beforeEach(() => written.mockClear());
afterAll(async () => {
  delete process.env.UV_CACHE_DIR;
  written.mockRestore();
  await server.stop();
});

/** The request of a cluster, as the app of the user writes it. */
function request(
  name: string,
  environment: EnvironmentDefinition,
  kind: "cpu" | "gpu" = "cpu",
): FolderRequest {
  const file = join(directory, "requests");
  writeFileSync(file, "");
  process.env[LOCK_REQUESTS] = file;
  try {
    const pool = (kind: "cpu" | "gpu") => ({ name: kind, kind }) as PoolDefinition;
    const packages = readPackages(
      defineCluster({
        name,
        network: { adminSubnets: ["10.0.0.0/8"] },
        pools: kind === "gpu" ? [pool("cpu"), pool("gpu")] : [pool("cpu")],
        environment: { ...environment, lockfiles: join(directory, "locks", name) },
      }),
    );
    expect(packages.issues).toEqual([]);
    return JSON.parse(readFileSync(file, "utf8")) as FolderRequest;
  } finally {
    delete process.env[LOCK_REQUESTS];
  }
}

const context = { log: () => {}, signal: new AbortController().signal };
const lock = (requests: readonly FolderRequest[], upgrade = false) =>
  lockRequests(context, uv, requests, { upgrade });
const lockfile = (name: string, kind = "cpu") =>
  readFileSync(join(directory, "locks", name, `${kind}.txt`), "utf8");
const output = () => written.mock.calls.map(([text]) => String(text)).join("");
const errorOf = (environment: EnvironmentDefinition, kind: "cpu" | "gpu" = "cpu") =>
  failure(() => lock([request("failing", environment, kind)]));

test("writes lockfiles of all nodes, with the versions of the release and the hash of a private wheel", async () => {
  const { path, sha256 } = writeWheel(join(directory, "dist"), {
    name: "my_lib",
    version: "1.2",
    requires: ["helper"],
  });
  // Another file with the same name and version, which an index may have.
  writeWheel(index, { name: "my_lib", version: "1.2", code: "'of somebody else'" });
  const made = request("research", { packages: ["beta"], wheels: [path] }, "gpu");
  await lock([made]);

  expect(readdirSync(join(directory, "locks", "research")).sort()).toEqual(["cpu.txt", "gpu.txt"]);
  const release = pinsOf(packageFile("locks/2026.7/gpu.txt"));
  for (const kind of ["cpu", "gpu"]) {
    const text = lockfile("research", kind);
    expect(readHeader(text)).toEqual({ python: "3.11", inputs: made.inputs });
    expect(text).toContain(`my-lib==1.2 \\\n    --hash=sha256:${sha256}\n    # via -r packages.in\n`);
    expect(text).not.toContain(directory);
    const pins = pinsOf(text);
    for (const name of ["dask", "distributed", "pandas"]) expect(pins.get(name)).toBe(release.get(name));
    expect(["alpha", "beta", "helper"].map((name) => pins.get(name))).toEqual(["1.0", "1.0", "0.1"]);
    expect(pins.has("dask-cuda")).toBe(kind === "gpu");
  }
  expect(output()).toMatch(/^research, compared with release 2026\.7:\n/);
  expect(output()).toContain("  added    beta");
  expect(output()).toContain("  added    my-lib");
  expect(output()).toMatch(/\nNext: git add \S*locks\/research, commit, and npx cdktf deploy\n$/);
});

test("keeps the versions of the existing lockfile, unless it upgrades", async () => {
  await lock([request("stable", { packages: ["alpha<2"] })]);
  const unpinned = request("stable", { packages: ["alpha"] });
  await lock([unpinned]);
  expect(pinsOf(lockfile("stable")).get("alpha")).toBe("1.0");
  expect(output()).toContain("stable: no package has changed\n");
  const before = lockfile("stable");

  written.mockClear();
  await lock([unpinned]);
  expect(lockfile("stable")).toBe(before);
  expect(output()).toBe(
    "stable: no package has changed\nThe lockfiles are up to date. Next: npx cdktf deploy\n",
  );

  written.mockClear();
  await lock([unpinned], true);
  expect(pinsOf(lockfile("stable")).get("alpha")).toBe("2.0");
  expect(output()).toContain("stable, compared with before:\n  changed  alpha  1.0 → 2.0\n");
});

test("uses the Python of the nodes if packages do not support the lowest local one", async () => {
  await lock([request("newer", { packages: ["modern"] })]);

  expect(readHeader(lockfile("newer"))?.python).toBe("3.12");
});

test.each<[string, EnvironmentDefinition, string]>([
  [
    "a requirement that conflicts with the release",
    { packages: ["alpha", "pandas<2"] },
    'failing: "pandas<2" conflicts with release 2026.7, which has pandas==3.0.6: dask-ml==2025.1.0 depends on ' +
      "pandas>=2.0. Hint: change the versions in environment.packages, or choose another release",
  ],
  [
    "a package that needs another version than the release",
    { packages: ["old_frames", "alpha"] },
    'failing: "old_frames" conflicts with release 2026.7, which has pandas==3.0.6: old-frames depends on ' +
      "pandas<2, dask-ml==2025.1.0 depends on pandas>=2.0. Hint: change the versions in environment.packages, or choose another release",
  ],
  [
    "another version of Dask",
    { packages: ["dask==2025.1.0"] },
    'failing: "dask==2025.1.0" conflicts with release 2026.7, which has dask==2026.7.1: ' +
      "needed by dask-glm, dask-ml, distributed. Hint: change the versions in environment.packages, or choose another release",
  ],
  [
    "a version that is not among others",
    { packages: ["alpha==1.5"] },
    'failing: "alpha==1.5" cannot be installed: the package index INDEX has no alpha==1.5. Hint: change its versions',
  ],
  [
    "requirements that conflict with each other",
    { packages: ["alpha>=2", "helper", "beta"] },
    'failing: "alpha>=2" and "beta" conflict with each other: beta depends on alpha<2. ' +
      "Hint: change the versions in environment.packages, or choose another release",
  ],
  [
    "all conflicts together",
    { packages: ["missing-a", "alpha", "missing-b"] },
    'failing: "missing-a" cannot be installed: it is not in the package index INDEX. Hint: check the name; ' +
      "environment.index.extraUrls adds an index, environment.wheels a wheel\n" +
      'failing: "missing-b" cannot be installed: it is not in the package index INDEX. Hint: check the name; ' +
      "environment.index.extraUrls adds an index, environment.wheels a wheel",
  ],
  [
    "a dependency that is missing",
    { packages: ["lost"] },
    'failing: "lost" cannot be installed: no-such-dependency, which it needs, is not in the package index INDEX. ' +
      "Hint: check the name; environment.index.extraUrls adds an index, environment.wheels a wheel",
  ],
  [
    "a version that is missing",
    { packages: ["alpha>=3"] },
    'failing: "alpha>=3" cannot be installed: the package index INDEX has only alpha<=2.0. Hint: change its versions',
  ],
  [
    "a package without wheels",
    { packages: ["sources"] },
    'failing: "sources" cannot be installed: sources==1.0 has no wheel, only a source distribution. ' +
      "Hint: choose another version, or build a wheel and add it to environment.wheels",
  ],
  [
    "a package for another platform",
    { packages: ["for_arm"] },
    "failing: for-arm==1.0 has no wheel for nodes with Python 3.12 on Linux x86_64, only platform: " +
      "manylinux_2_17_aarch64. Hint: choose another version, or add a wheel of it to environment.wheels",
  ],
])("explains %s", async (_, environment, expected) => {
  expect((await errorOf(environment)).replaceAll(server.url, "INDEX")).toBe(expected);
});

test("writes no file if one of the clusters fails", async () => {
  const good = request("good", { packages: ["alpha"] });
  const bad = request("bad", { packages: ["missing"] });

  await expect(lock([good, bad])).rejects.toThrow('bad: "missing" cannot be installed');
  expect(readdirSync(join(directory, "locks"))).not.toContain("good");
});

describe("an index with a password", () => {
  let locked: IndexServer;
  beforeAll(async () => {
    locked = await IndexServer.start(index, "secret");
  });
  afterAll(() => locked.stop());

  test("asks for it in one sentence", async () => {
    expect(await errorOf({ packages: ["alpha"], index: { url: locked.url } })).toBe(
      `the package index ${locked.url} asks for a password. Hint: add 'machine 127.0.0.1 login USER password PASSWORD' ` +
        `to ~/.netrc, or run 'uv auth login 127.0.0.1:${locked.port}'`,
    );
  });

  test("gets it from ~/.netrc", async () => {
    const home = join(directory, "home");
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, ".netrc"), "machine 127.0.0.1 login user password secret\n", { mode: 0o600 });
    const { HOME } = process.env;
    process.env.HOME = home;
    try {
      await lock([request("private", { packages: ["alpha"], index: { url: locked.url } })]);
    } finally {
      process.env.HOME = HOME;
    }
    expect(pinsOf(lockfile("private")).get("alpha")).toBe("2.0");
    expect(lockfile("private")).not.toContain("secret");
  });
});

test("an index that nothing listens on is an error in one sentence", async () => {
  expect(await errorOf({ packages: ["alpha"], index: { url: "http://127.0.0.1:9/simple" } })).toMatch(
    /^cannot read the package index http:\/\/127\.0\.0\.1:9\/\S*: .*Connection refused.*\. Hint: check the connection/,
  );
});
