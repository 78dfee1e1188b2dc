import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "../../lib/cli/pipeline/files";
import { testDirectory } from "../support/directory";
import { fileLinters, INSTALL_TIMEOUT, shellcheck } from "../support/python-environment";
import { readWorkflow } from "../support/workflow";
import { scriptsOf } from "./gitlab";
import { filesOf, writeBelow } from "./written";

const directory = testDirectory("pipelines");
const WORKFLOW = ".github/workflows/dask-research.yml";

let linters: string;
let shell: string;
beforeAll(async () => {
  [linters, shell] = await Promise.all([fileLinters(), shellcheck()]);
}, 2 * INSTALL_TIMEOUT);

/** Exit code and output. */
function check(command: string, ...argv: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, argv, {
    cwd: directory,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (error) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}

const schema = (name: string, file: string) =>
  check(join(linters, "check-jsonschema"), "--builtin-schema", `vendor.${name}`, file);
const zizmor = (file: string) =>
  check(
    join(linters, "zizmor"),
    "--offline",
    "--quiet",
    "--no-config",
    "--persona",
    "pedantic",
    "--format=plain",
    file,
  );
const lint = (...files: readonly string[]) => check(join(shell, "shellcheck"), ...files);

describe.each(SERVICES)("the files for %s", (service) => {
  const scripts = writeBelow(join(directory, service), filesOf(service)).filter((path) =>
    path.endsWith(".sh"),
  );

  test("are scripts that pass shellcheck", () => {
    expect(scripts.length).toBeGreaterThan(0);
    expect(lint(...scripts)).toEqual({ code: 0, said: "" });
  });

  test("have no placeholder", () => {
    const texts = [...filesOf(service)].flat();
    expect(texts.filter((text) => /__[A-Z]+__/.test(text))).toEqual([]);
  });
});

describe("the workflow of GitHub", () => {
  const file = join(directory, "github", WORKFLOW);
  const workflow = readWorkflow(filesOf("github").get(WORKFLOW) ?? "");

  test("has the schema of workflows", () => {
    expect(schema("github-workflows", file)).toEqual({ code: 0, said: "ok -- validation done\n" });
  });

  test("has no findings of zizmor", () => {
    expect(zizmor(file)).toMatchObject({ code: 0, said: expect.not.stringContaining("warning") });
  });

  test("has steps that pass shellcheck", () => {
    const steps = Object.values(workflow.jobs).flatMap(({ steps }) => steps);
    const scripts = steps.flatMap(({ run }, index) => {
      if (run === undefined) return [];
      const path = join(directory, `step-${index}.sh`);
      writeFileSync(path, `#!/usr/bin/env bash\nset -eo pipefail\n${run}\n`);
      return [path];
    });
    expect(scripts.length).toBeGreaterThan(5);
    expect(lint(...scripts)).toEqual({ code: 0, said: "" });
  });
});

describe("the pipeline of GitLab", () => {
  const files = filesOf("gitlab");
  const path = ".gitlab/dask-research.yml";

  test.each([".gitlab-ci.yml", path])("has the schema of GitLab in %s", (name) => {
    expect(schema("gitlab-ci", join(directory, "gitlab", name))).toEqual({
      code: 0,
      said: "ok -- validation done\n",
    });
  });

  test("has scripts that pass shellcheck", () => {
    const scripts = scriptsOf(files.get(path) ?? "").map(([name, lines]) => {
      const file = join(directory, `gitlab-${name.replaceAll(" ", "-")}.sh`);
      writeFileSync(file, `#!/bin/sh\nset -e\n${lines.join("\n")}\n`);
      return file;
    });
    expect(scripts).toHaveLength(4);
    expect(lint(...scripts)).toEqual({ code: 0, said: "" });
  });
});

describe("the checkers find", () => {
  test("an action that is not pinned, and a credential that stays", () => {
    const file = join(directory, "bad.yml");
    writeFileSync(
      file,
      "name: bad\non: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v7}]\n",
    );
    const { code, said } = zizmor(file);
    expect(code).not.toBe(0);
    expect(said).toContain("unpinned-uses");
    expect(said).toContain("artipacked");
  });

  test("a misspelt key", () => {
    const file = join(directory, "misspelt.yml");
    writeFileSync(file, "on: push\njobs: {a: {runs-on: ubuntu-24.04, step: []}}\n");
    expect(schema("github-workflows", file)).toMatchObject({
      code: 1,
      said: expect.stringContaining("'step' was unexpected"),
    });
  });

  test("a job of GitLab with a misspelt rule", () => {
    const file = join(directory, "misspelt-gitlab.yml");
    writeFileSync(file, "a:\n  script: [ls]\n  rules: [{iff: $A}]\n");
    expect(schema("gitlab-ci", file).code).toBe(1);
  });
});
