import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findPython } from "../../../lib/local/runtime/python";
import {
  createVirtualEnvironment,
  environmentState,
  type VirtualEnvironmentProps,
} from "../../../lib/local/runtime/virtual-environment";
import { readWheel, type Wheel } from "../../../lib/node/packages/wheel";
import { testDirectory } from "../../support/directory";
import { writeWheel } from "../../support/packages/wheels";
import { supervisor } from "../../support/python-environment";
import { failure } from "../definitions";

jest.setTimeout(60_000);

const directory = testDirectory("virtual-environment");
const link = join(directory, "environment");
const context = { log: () => {}, signal: new AbortController().signal };

/** A wheel in no index, and its line of a lockfile. The module stands for Dask, by whose import an environment is checked. */
function packaged(version: string) {
  const { path, sha256 } = writeWheel(join(directory, "wheels"), {
    name: "distributed",
    version,
    code: `VERSION = "${version}"\n`,
  });
  return { wheel: readWheel(path) as Wheel, line: `distributed==${version} --hash=sha256:${sha256}\n` };
}

let common: Omit<VirtualEnvironmentProps, "lockfiles" | "wheels">;
beforeAll(async () => {
  mkdirSync(directory, { recursive: true });
  common = {
    link,
    python: await findPython(["3.12", "3.13", "3.11"]),
    packages: "the packages of the test",
    uv: join(await supervisor(), "uv"),
    index: { extraUrls: [], findLinks: [], noIndex: true, trustedHosts: [] },
    cache: join(directory, "cache"),
    logFile: join(directory, "install.log"),
  };
});

const propsOf = (version: string): VirtualEnvironmentProps => {
  const { wheel, line } = packaged(version);
  return { ...common, lockfiles: [line], wheels: [wheel] };
};
const installed = () =>
  execFileSync(join(link, "bin/python"), ["-c", "import distributed; print(distributed.VERSION)"], {
    encoding: "utf8",
  }).trim();
const versions = () => readdirSync(directory).filter((name) => /^\.environment-/.test(name));

test("installs a wheel that is in no index, and replaces the environment of an earlier version of this package", async () => {
  mkdirSync(join(link, "bin"), { recursive: true });
  const props = propsOf("1.0");
  expect(await environmentState(props)).toBe("outdated");

  await createVirtualEnvironment(context, props);

  expect(installed()).toBe("1.0");
  expect(await environmentState(props)).toBe("up to date");
  expect(versions()).toEqual([readlinkSync(link)]);
  expect(existsSync(join(link, "wheels"))).toBe(false);
});

test("a new environment replaces the old one, which is removed", async () => {
  const [before] = versions();
  await createVirtualEnvironment(context, propsOf("2.0"));

  expect(installed()).toBe("2.0");
  expect(versions()).toEqual([readlinkSync(link)]);
  expect(versions()).not.toEqual([before]);
});

test.each([
  ["a wheel with another hash", (line: string) => line.replace(/[0-9a-f]{64}/, "0".repeat(64)), /[Hh]ash/],
  [
    "a package that is missing",
    (line: string) => `${line}missing==1.0 --hash=sha256:${"0".repeat(64)}\n`,
    /missing/,
  ],
])("the old environment stays after the failure of a new one: %s", async (_, edit, cause) => {
  const before = versions();
  rmSync(common.logFile, { force: true });
  const props = propsOf("3.0");
  const message = await failure(() =>
    createVirtualEnvironment(context, { ...props, lockfiles: props.lockfiles.map(edit) }),
  );

  expect(message).toMatch(/^the packages of the test cannot be installed \(exit \d\): /);
  expect(message).toMatch(cause);
  expect(installed()).toBe("2.0");
  expect(versions()).toEqual(before);
});

test("the old environment stays after a failure of the step that completes the new one", async () => {
  const before = versions();
  const finish = async () => {
    throw new Error("not complete");
  };

  await expect(createVirtualEnvironment(context, { ...propsOf("3.0"), finish })).rejects.toThrow(
    "not complete",
  );
  expect(installed()).toBe("2.0");
  expect(versions()).toEqual(before);
});

test("notices damage", async () => {
  const props = propsOf("2.0");
  expect(await environmentState(props)).toBe("up to date");
  const module = execFileSync(
    join(link, "bin/python"),
    ["-c", "import distributed; print(distributed.__file__)"],
    { encoding: "utf8" },
  ).trim();
  rmSync(module);
  writeFileSync(module, "damaged(");

  expect(await environmentState(props)).toBe("damaged");
  expect(readFileSync(module, "utf8")).toBe("damaged(");
});
