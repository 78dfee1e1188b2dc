import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDirectory } from "../support/directory";
import { INSTALL_TIMEOUT } from "../support/python-environment";
import { CLEAN, VALID, WorkflowLinters } from "../support/workflow-linters";

const directory = testDirectory("workflow-linters");

/** A workflow without findings, with more keys of its job and another step. */
function workflow(name: string, { job = "", step = "run: echo finished" } = {}): string {
  const file = join(directory, name);
  const text = `# Stands for a workflow of this repository.
name: test
on: push
permissions: {}
concurrency:
  group: test
  cancel-in-progress: true
jobs:
  test:
    name: test
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    ${job}
    steps:
      - ${step}
`;
  writeFileSync(file, text);
  return file;
}

let linters: WorkflowLinters;
beforeAll(async () => {
  linters = await WorkflowLinters.install();
}, INSTALL_TIMEOUT);

test("a workflow without findings passes all linters", () => {
  const file = workflow("sound.yml");
  expect(linters.schema("vendor.github-workflows", file)).toEqual(VALID);
  expect(linters.security(file)).toEqual(CLEAN);
  expect(linters.shell(file)).toEqual(CLEAN);
});

test("the schema finds a misspelt key", () => {
  const { code, said } = linters.schema(
    "vendor.github-workflows",
    workflow("key.yml", { job: "timeout: 5" }),
  );
  expect(code).toBe(1);
  expect(said).toContain("'timeout'");
});

test("zizmor finds an action without commit", () => {
  const { code, said } = linters.security(workflow("pin.yml", { step: "uses: actions/checkout@v7" }));
  expect(code).not.toBe(0);
  expect(said).toContain("unpinned-uses");
});

test("zizmor finds text of a pull request in shell", () => {
  const step = "run: echo ${{ github.event.pull_request.title }}";
  const { code, said } = linters.security(workflow("injection.yml", { step }));
  expect(code).not.toBe(0);
  expect(said).toContain("template-injection");
});

test("shellcheck finds a variable without quotes in a step", () => {
  const { code, said } = linters.shell(workflow("shell.yml", { step: "run: rm $NAME" }));
  expect(code).toBe(1);
  expect(said).toContain("SC2086");
});
