import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { transformSync } from "@swc/core";
import * as library from "../../lib/index";
import { packageRoot } from "../../lib/node/package-file";
import { testDirectory } from "../support/directory";
import { reference } from "../support/python-environment";

const ROOT = packageRoot();
const PAGES = join(ROOT, "docs", "api");
const directory = testDirectory("api-reference");

/** Page from the docstrings of Python; the others are from TSDoc. */
const PYTHON = "python.md";
const pages = readdirSync(PAGES).filter((name) => name !== PYTHON);

/** First block of code of each page, without those that have none. */
const programs = pages.flatMap((name) => {
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(read(join(PAGES, name))) ?? [];
  return code === undefined ? [] : [{ name: name.replace(".md", ""), code }];
});

test("the pages are those of the doc comments, which all public names have", async () => {
  // Its installation prints messages.
  await reference();
  const out = join(directory, "pages");
  expect(node("scripts/api.mjs", out)).toMatchObject({ status: 0, error: "" });
  const written = (folder: string) =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, read(join(folder, name))]));
  expect(Object.keys(written(out)).length).toBeGreaterThan(30);
  expect(written(PAGES)).toEqual(written(out));
}, 150_000);

test("missing descriptions and broken links are errors, and no page is written", () => {
  const checkout = join(directory, "undocumented");
  const out = join(checkout, "out");
  mkdirSync(join(checkout, "lib"), { recursive: true });
  mkdirSync(out);
  writeFileSync(join(checkout, "tsconfig.json"), JSON.stringify({ include: ["lib"] }));
  writeFileSync(
    join(checkout, "lib", "index.ts"),
    `/** Zone: see {@link Missing}. */
export interface Zone {
  readonly name: string;
  /** @default 1 */
  readonly size?: number;
}`,
  );
  const { status, output } = node(".test/api/write.mjs", checkout, out);
  expect(output).toMatch(/Zone\.name .* does not have any documentation/);
  expect(output).toContain("Zone.size has a default and no description");
  expect(output).toMatch(/Failed to resolve link to "Missing"/);
  expect({ status, pages: readdirSync(out) }).toEqual({ status: 1, pages: [] });
}, 120_000);

test.each([
  ["a function", "def connect(): ...", "cdktf_dask.connect has no description"],
  [
    "a parameter",
    'def connect(name: str):\n    """Connect."""',
    "cdktf_dask.connect: no description of name",
  ],
  [
    "an attribute",
    'class connect:\n    """Connect."""\n    code = 3',
    "cdktf_dask.connect.code has no description",
  ],
])(
  "%s of Python without docstring is an error, and the page is not written",
  async (title, code, message) => {
    const checkout = join(directory, title);
    const source = join(checkout, "python", "src", "cdktf_dask");
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, "__init__.py"), `__all__ = ["connect"]\n\n${code}\n`);
    const python = join(await reference(), "python");
    const { status, output } = start(python, "scripts/api/python_page.py", checkout, checkout);
    expect(output).toContain(message);
    expect({ status, files: readdirSync(checkout) }).toEqual({ status: 1, files: ["python"] });
  },
  120_000,
);

test("every page but those of types opens with a program", () => {
  const withProgram = programs.map(({ name }) => `${name}.md`);
  expect(pages.filter((name) => !withProgram.includes(name))).toEqual([
    "ClusterPlan.md",
    "README.md",
    "ResolvedCluster.md",
    "Statement.md",
  ]);
  const afterDescription = pages.filter((name) => !/^# \w+\n\n(?!#)/.test(read(join(PAGES, name))));
  expect(afterDescription).toEqual(["README.md"]);
});

test("the programs compile", () => {
  const folder = join(directory, "programs");
  mkdirSync(folder);
  for (const { name, code } of programs) writeFileSync(join(folder, `${name}.ts`), code);
  const compilerOptions = {
    ...{ noEmit: true, rootDir: "../../..", noUnusedLocals: false },
    paths: { "cdktf-dask": ["../../../lib/index.ts"] },
  };
  const configuration = {
    extends: "../../../tsconfig.json",
    compilerOptions,
    include: ["*.ts"],
    exclude: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configuration));
  expect(node("node_modules/typescript/bin/tsc", "--pretty", "false", "-p", folder)).toMatchObject({
    status: 0,
    output: "",
  });
}, 150_000);

test.each(programs)(
  "the program of $name runs",
  ({ name, code }) => {
    const out = join(directory, name);
    process.env.CDKTF_OUTDIR = out;
    // The programs print what they find.
    jest.spyOn(console, "error").mockReturnValue();
    run(code);
    if (code.includes("app.synth();")) expect(readdirSync(join(out, "stacks")).length).toBeGreaterThan(0);
    else expect(code).not.toContain("new App(");
  },
  60_000,
);

/** Runs a program with the source of this package. */
function run(code: string) {
  const { code: script } = transformSync(code, {
    jsc: { parser: { syntax: "typescript" } },
    module: { type: "commonjs" },
  });
  const other = createRequire(__filename);
  const load = (name: string) => (name === "cdktf-dask" ? library : other(name));
  new Function("require", "exports", script)(load, {});
}

/** Runs a script of Node in the checkout. */
function node(...argv: string[]) {
  return start(process.execPath, ...argv);
}

/** Runs a command in the checkout. */
function start(command: string, ...argv: string[]) {
  const options = { cwd: ROOT, encoding: "utf8", timeout: 120_000 } as const;
  const { status, stdout, stderr } = spawnSync(command, argv, options);
  return { status, output: stdout + stderr, error: stderr };
}

function read(path: string) {
  return readFileSync(path, "utf8");
}
