import { spawnSync } from "node:child_process";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { testDirectory } from "../support/directory";
import { INSTALL_TIMEOUT } from "../support/python-environment";
import { VALID, WorkflowLinters } from "../support/workflow-linters";

const checkout = testDirectory("hooks");

function run(command: string, ...argv: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, argv, {
    cwd: checkout,
    encoding: "utf8",
    timeout: 60_000,
    // No variable of git, such as those in a hook, leads to the repository of this checkout.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  });
  if (error) throw error;
  return { status, output: `${stdout}${stderr}` };
}

/** Stages a file, and runs the hook's job for TypeScript as git does. */
function stage(name: string, text: string) {
  writeFileSync(join(checkout, name), text);
  expect(run("git", "add", name)).toEqual({ status: 0, output: "" });
  return run("npx", "--no", "lefthook", "run", "pre-commit", "--job", "biome");
}

beforeAll(() => {
  for (const file of ["lefthook.yml", "biome.json", ".gitignore"]) cpSync(file, join(checkout, file));
  symlinkSync(resolve("node_modules"), join(checkout, "node_modules"));
  expect(run("git", "init", "--quiet").status).toBe(0);
});

test(
  "lefthook.yml has the schema of lefthook",
  async () => {
    const linters = await WorkflowLinters.install();
    expect(linters.schema("node_modules/lefthook/schema.json", "lefthook.yml")).toEqual(VALID);
  },
  INSTALL_TIMEOUT,
);

test("the hook accepts a file without issues", () => {
  const { status, output } = stage("sound.ts", "export const answer = 42;\n");
  expect({ status, output }).toEqual({ status: 0, output: expect.stringMatching(/✔️ biome/) });
});

test("the hook rejects a file with an issue, and leaves it as it is", () => {
  const { status, output } = stage("unsound.ts", "export const  answer = 42\n");
  expect(status).toBe(1);
  expect(output).toContain("unsound.ts");
  expect(run("git", "diff", "--name-only")).toEqual({ status: 0, output: "" });
});
