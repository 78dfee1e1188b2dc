import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");

/** Folders of `lib/`, and those of `lib/` that each may import, as in the picture of ARCHITECTURE.md. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  config: [],
  node: ["config"],
  aws: ["config", "node"],
  local: ["config", "node"],
  compose: ["config", "node"],
  diagram: [],
  cli: ["config", "node", "local", "compose", "diagram"],
};

interface Import {
  readonly file: string;
  /** Path of the imported module, without extension. */
  readonly target: string;
}

/** Relative imports of the files below some paths, with those of types. */
function importsOf(...paths: readonly string[]): readonly Import[] {
  const files = paths.flatMap((path) =>
    statSync(join(ROOT, path)).isDirectory()
      ? readdirSync(join(ROOT, path), { recursive: true, encoding: "utf8" })
          .filter((name) => /\.(ts|cjs)$/.test(name))
          .map((name) => join(path, name))
      : [path],
  );
  return files.flatMap((file) =>
    [
      ...readFileSync(join(ROOT, file), "utf8").matchAll(/(?:from |import |require\(|import\()"(\.[^"]+)"/g),
    ].map(([, module = ""]) => ({ file, target: relative(ROOT, resolve(ROOT, dirname(file), module)) })),
  );
}

/** The folder of a path below another folder; undefined for a file in that folder itself, and for other paths. */
function folderIn(parent: string, path: string): string | undefined {
  const [folder, ...rest] = path.startsWith(`${parent}/`) ? path.slice(parent.length + 1).split("/") : [];
  return rest.length > 0 ? folder : undefined;
}

const show = ({ file, target }: Import) => `${file} imports ${target}`;
const library = importsOf("lib");

test("each folder of lib/ is in the picture of ARCHITECTURE.md and in the list above", () => {
  const folders = readdirSync(join(ROOT, "lib")).filter((name) =>
    statSync(join(ROOT, "lib", name)).isDirectory(),
  );
  expect(folders.sort()).toEqual(Object.keys(ALLOWED).sort());
  const [, picture = ""] = /## Imports[\s\S]*?```\n([\s\S]*?)```/.exec(textOf("ARCHITECTURE.md")) ?? [];
  expect([...new Set(picture.match(/(?<=lib\/)\w+/g))].sort()).toEqual(Object.keys(ALLOWED).sort());
});

test("folders of lib/ import only those to their left", () => {
  expect(library.length).toBeGreaterThan(500);
  const wrong = library.filter(({ file, target }) => {
    const [from, to] = [folderIn("lib", file), folderIn("lib", target)];
    if (from === undefined || from === to) return false;
    return to === undefined || !ALLOWED[from]?.includes(to);
  });
  expect(wrong.map(show)).toEqual([]);
});

test("folders of lib/aws import only those above them in the table of ARCHITECTURE.md", () => {
  const [, table = ""] = /^Folders of `lib\/aws`.*\n\n([\s\S]*?)\n\n/m.exec(textOf("ARCHITECTURE.md")) ?? [];
  const order = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name);
  for (const folder of order) expect(existsSync(join(ROOT, "lib/aws", folder))).toBe(true);
  const wrong = library.filter(({ file, target }) => {
    const from = folderIn("lib/aws", file);
    if (from === undefined || !target.startsWith("lib/aws/")) return false;
    const to = folderIn("lib/aws", target);
    // A file in lib/aws itself, such as the stack, is above all folders; a folder without a row is in no order.
    return to === undefined || order.indexOf(from) < order.indexOf(to) || !order.includes(from);
  });
  expect(wrong.map(show)).toEqual([]);
});

test("lib/local/runtime imports nothing of lib/local/stack", () => {
  const wrong = library.filter(
    ({ file, target }) =>
      file.startsWith("lib/local/") &&
      folderIn("lib/local", file) !== "stack" &&
      folderIn("lib/local", target) === "stack",
  );
  expect(wrong.map(show)).toEqual([]);
});

test("environments/ import lib/config only, and local.ts nothing about AWS", () => {
  const environments = importsOf("environments").filter(({ target }) => !target.startsWith("environments/"));
  expect(environments.length).toBeGreaterThan(0);
  expect(environments.filter(({ target }) => folderIn("lib", target) !== "config").map(show)).toEqual([]);
  expect(importsOf("local.ts").filter(({ target }) => folderIn("lib", target) === "aws")).toEqual([]);
});

test("lib/config reads no Terraform and no file", () => {
  const packages = readdirSync(join(ROOT, "lib/config"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) =>
      [...textOf(join("lib/config", name)).matchAll(/from "([^."][^"]*)"/g)].map(([, module]) => module),
    );
  expect([...new Set(packages)].sort()).toEqual(["ipaddr.js", "zod"]);
});

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
