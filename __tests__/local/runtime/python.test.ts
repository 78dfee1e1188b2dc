import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { findPython } from "../../../lib/local/runtime/python";
import { failure } from "../definitions";

mkdirSync(".test", { recursive: true });
const bin = resolve(mkdtempSync(".test/python-"));
afterAll(() => rmSync(bin, { recursive: true }));

/** Stands for an interpreter: answers the probe with a version, then as a Python with or without `venv` does. */
function double(name: string, version: string, hasVenv = true): string {
  const path = `${bin}/${name}`;
  writeFileSync(path, `#!/bin/sh\necho ${version}\necho ${path}\nexit ${hasVenv ? 0 : 1}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => rmSync(bin, { recursive: true, force: true }));
beforeEach(() => mkdirSync(bin));

const find = (env: NodeJS.ProcessEnv = {}) => findPython(["3.12", "3.13"], { PATH: bin, ...env });

test("the first version in the order of the release is taken", async () => {
  double("python3.13", "3.13");
  double("python3", "3.12");
  expect(await find()).toEqual({ path: `${bin}/python3.13`, version: "3.13" });

  double("python3.12", "3.12");
  expect(await find()).toEqual({ path: `${bin}/python3.12`, version: "3.12" });
});

test("a shim without a Python behind it is passed over", async () => {
  writeFileSync(`${bin}/python3.12`, "#!/bin/sh\necho 'command not found' >&2\nexit 127\n", { mode: 0o755 });
  double("python3", "3.13");

  expect(await find()).toEqual({ path: `${bin}/python3`, version: "3.13" });
});

test("DASK_PYTHON is the only one that is asked", async () => {
  double("python3.12", "3.12");
  const own = double("own", "3.13");
  expect(await find({ DASK_PYTHON: own })).toEqual({ path: own, version: "3.13" });

  const old = double("old", "3.9");
  expect(await failure(() => find({ DASK_PYTHON: old }))).toContain(
    `${old} is Python 3.9, expected 3.12, 3.13. Hint: install one`,
  );
});

test("reports the commands that were tried, the expected versions and what to install where there is no Python", async () => {
  expect(await failure(find)).toBe(
    "no Python for this release: no answer from python3.12, python3.13, python3, expected 3.12, 3.13. Hint: " +
      "install one (Debian, Ubuntu: apt install python3 python3-venv), or set DASK_PYTHON to its path",
  );
});

test("a Python without the venv module: the package that brings it", async () => {
  double("python3.12", "3.12", false);

  expect(await failure(find)).toContain(
    "python3.12 has no venv module (Debian, Ubuntu: apt install python3.12-venv)",
  );
});

test("the Python of this machine is found", async () => {
  const { version, path } = await findPython(["3.11", "3.12", "3.13"]);

  expect(["3.11", "3.12", "3.13"]).toContain(version);
  expect(path).toMatch(/^\//);
});
