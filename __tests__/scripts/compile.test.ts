import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { testDirectory } from "../support/directory";

const directory = testDirectory("compile");
const dist = join(directory, "dist");
for (const path of ["scripts", "tsconfig.json"]) cpSync(path, join(directory, path), { recursive: true });
for (const folder of ["lib", "environments"]) mkdirSync(join(directory, folder));
symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
writeFileSync(join(directory, "main.ts"), "export const answer: number = 42;\n");
writeFileSync(join(directory, "lib/other.cjs"), "module.exports = {};\n");

function compile() {
  const { status, stderr } = spawnSync(process.execPath, [join(directory, "scripts/compile.mjs")], {
    encoding: "utf8",
  });
  return { status, stderr };
}

test("compiles TypeScript and JavaScript to dist/", () => {
  expect(compile()).toEqual({ status: 0, stderr: "" });
  expect(readdirSync(dist).sort()).toEqual(["lib", "main.d.ts", "main.js"]);
  expect(existsSync(join(dist, "lib/other.cjs"))).toBe(true);
});

test("replaces only damaged files", () => {
  const whole = readFileSync(join(dist, "main.js"), "utf8");
  const before = statSync(join(dist, "main.d.ts")).ino;
  writeFileSync(join(dist, "main.js"), "");

  expect(compile().status).toBe(0);
  expect(readFileSync(join(dist, "main.js"), "utf8")).toBe(whole);
  expect(statSync(join(dist, "main.d.ts")).ino).toBe(before);
});

test("removes the temporary files of a killed compilation", () => {
  mkdirSync(join(dist, ".new-99999999", "lib"), { recursive: true });

  compile();
  expect(readdirSync(dist).sort()).toEqual(["lib", "main.d.ts", "main.js"]);
});

test("removes the output of a removed source", () => {
  writeFileSync(join(dist, "lib", "gone.js"), "");
  compile();
  expect(readdirSync(join(dist, "lib")).sort()).toEqual(["other.cjs", "other.d.cts"]);
});

test("keeps dist/ after an error", () => {
  const before = readFileSync(join(dist, "main.js"), "utf8");
  writeFileSync(join(directory, "main.ts"), 'export const answer: number = "42";\n');

  const { status, stderr } = compile();
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /main\.ts.*TS2322[\s\S]*the project does not compile\. Hint: fix the errors above\n$/,
  );
  expect(readFileSync(join(dist, "main.js"), "utf8")).toBe(before);
});
