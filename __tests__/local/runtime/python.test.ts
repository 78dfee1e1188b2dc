import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { findPython } from "../../../lib/local/runtime/python";
import { failure } from "../definitions";

mkdirSync(".test", { recursive: true });
const bin = resolve(mkdtempSync(".test/python-"));
afterAll(() => rmSync(bin, { recursive: true }));

/** Stands for an interpreter: prints a version and its path, and fails without `venv`. */
function double(name: string, version: string, hasVenv = true): string {
  const path = `${bin}/${name}`;
  writeFileSync(path, `#!/bin/sh\necho ${version}\necho ${path}\nexit ${hasVenv ? 0 : 1}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => rmSync(bin, { recursive: true, force: true }));
beforeEach(() => mkdirSync(bin));

const find = (env: NodeJS.ProcessEnv = {}) => findPython(["3.12", "3.13"], { PATH: bin, ...env });

test("prefers the first version of the release", async () => {
  double("python3.13", "3.13");
  double("python3", "3.12");
  expect(await find()).toEqual({ path: `${bin}/python3.13`, version: "3.13" });

  double("python3.12", "3.12");
  expect(await find()).toEqual({ path: `${bin}/python3.12`, version: "3.12" });
});

test("ignores a shim without a Python", async () => {
  writeFileSync(`${bin}/python3.12`, "#!/bin/sh\necho 'command not found' >&2\nexit 127\n", { mode: 0o755 });
  double("python3", "3.13");

  expect(await find()).toEqual({ path: `${bin}/python3`, version: "3.13" });
});

test("uses only DASK_PYTHON if it is set", async () => {
  double("python3.12", "3.12");
  const own = double("own", "3.13");
  expect(await find({ DASK_PYTHON: own })).toEqual({ path: own, version: "3.13" });

  const old = double("old", "3.9");
  expect(await failure(() => find({ DASK_PYTHON: old }))).toContain(
    `${old} is Python 3.9, expected 3.12, 3.13. Hint: install one`,
  );
});

test("without a Python, reports the commands tried, the versions expected and what to install", async () => {
  expect(await failure(find)).toBe(
    "no Python for this release: no answer from python3.12, python3.13, python3, expected 3.12, 3.13. Hint: " +
      "install one (Debian, Ubuntu: apt install python3 python3-venv), or set DASK_PYTHON to its path",
  );
});

test("names the package of a missing venv module", async () => {
  double("python3.12", "3.12", false);

  expect(await failure(find)).toContain(
    "python3.12 has no venv module (Debian, Ubuntu: apt install python3.12-venv)",
  );
});

test("finds the Python of this computer", async () => {
  const { version, path } = await findPython(["3.11", "3.12", "3.13"]);

  expect(["3.11", "3.12", "3.13"]).toContain(version);
  expect(path).toMatch(/^\//);
});
