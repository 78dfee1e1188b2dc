import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { pipeline } from "../../lib/cli/pipeline/pipeline";
import { failure } from "../local/definitions";
import { filesOf } from "../pipelines/written";
import { testDirectory } from "../support/directory";

const directory = testDirectory("pipeline-command");
const before = process.cwd();
const context = { log: () => {}, signal: new AbortController().signal };
const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
const output = () => written.mock.calls.map(([text]) => String(text)).join("");
const WORKFLOW = ".github/workflows/dask-research.yml";

/** Writes an app with a stack `research`. It stands for that of the user. */
function define(stack: object): void {
  const json = JSON.stringify(JSON.stringify(stack));
  writeFileSync(
    "app.cjs",
    `const { mkdirSync, writeFileSync } = require("node:fs");
    const folder = process.env.CDKTF_OUTDIR + "/stacks/research";
    mkdirSync(folder, { recursive: true });
    writeFileSync(folder + "/cdk.tf.json", ${json});`,
  );
  writeFileSync("cdktf.json", '{ "app": "node app.cjs" }');
}

const PROVIDER = { aws: [{ region: "eu-central-1" }] };
const S3 = { terraform: { backend: { s3: {} } }, provider: PROVIDER };

beforeAll(() => process.chdir(directory));
beforeEach(() => {
  written.mockClear();
  for (const path of [".github", "pipeline"]) rmSync(path, { recursive: true, force: true });
  define(S3);
});
afterAll(() => {
  process.chdir(before);
  written.mockRestore();
});

test("writes all files of the stack, and says what to do next", async () => {
  await pipeline(context, "github", "research", {});

  for (const [path, text] of filesOf("github")) expect(readFileSync(path, "utf8")).toBe(text);
  expect(output()).toBe(
    [
      "wrote",
      `  ${WORKFLOW}`,
      "  pipeline/init.sh",
      "  pipeline/lock.sh",
      "  pipeline/plan.sh",
      "  pipeline/apply.sh",
      "Next:",
      "  npx cdktf synth && sh pipeline/lock.sh research, and commit all files",
      "  create the environment research with required reviewers and the branch main: Settings, Environments",
      "  set the variables PLAN_ROLE_ARN and APPLY_ROLE_ARN: Settings, Secrets and variables, Actions",
      "",
    ].join("\n"),
  );
});

test("writes nothing over a file with other contents, except with --force", async () => {
  await pipeline(context, "github", "research", {});
  writeFileSync("pipeline/plan.sh", "echo mine\n");
  rmSync(WORKFLOW);

  expect(await failure(() => pipeline(context, "github", "research", {}))).toBe(
    "got other contents in pipeline/plan.sh, expected none or those of this command. Hint: --force replaces them",
  );
  expect(existsSync(WORKFLOW)).toBe(false);

  await pipeline(context, "github", "research", { force: true });
  expect(readFileSync("pipeline/plan.sh", "utf8")).toBe(filesOf("github").get("pipeline/plan.sh"));
  expect(existsSync(WORKFLOW)).toBe(true);
});

test.each([
  [
    "jenkins",
    "research",
    S3,
    /^service: got jenkins, expected github.*\. Hint: npx cdktf-dask pipeline github production$/,
  ],
  [
    "github",
    "other",
    S3,
    /^stack: got "other", expected research\. Hint: the name is that of the stack in the app$/,
  ],
  [
    "github",
    "research",
    { ...S3, terraform: { backend: { local: {} } } },
    /^stack research: got the state backend local, expected s3 for github\. Hint: set backend in the definition, such as \{ type: "s3", /,
  ],
  [
    "github",
    "research",
    { ...S3, terraform: { cloud: {} } },
    /^stack research: got the state backend hcp, expected s3 for github\./,
  ],
  [
    "hcp",
    "research",
    S3,
    /^stack research: got the state backend s3, expected hcp for hcp\. Hint: set backend in the definition, such as \{ type: "hcp", /,
  ],
  [
    "github",
    "research",
    {},
    /^stack research: got no AWS provider with a region, expected one\. Hint: name a stack on AWS$/,
  ],
])("rejects %s of %s in the app %j", async (service, name, stack, message) => {
  define(stack);
  expect(await failure(() => pipeline(context, service, name, {}))).toMatch(message);
  expect([existsSync(WORKFLOW), existsSync("pipeline"), output()]).toEqual([false, false, ""]);
});
