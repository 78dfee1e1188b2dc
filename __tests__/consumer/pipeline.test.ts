import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createBucket, REGION } from "../support/aws-home";
import { describeWithTerraform } from "../support/terraform/suite";
import { type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { readWorkflow } from "../support/workflow";
import { type Contexts, type JobResult, WorkflowRun } from "../support/workflow-run";
import { writeGh, writeTerraform } from "./pipeline-commands";
import {
  changeMaxSize,
  committed,
  ignoreMockDefects,
  lockProviders,
  maxSizes,
  STATES,
  writeProject,
} from "./pipeline-project";
import { newDirectory, run } from "./workspace";

const MINUTE = 60_000;
jest.setTimeout(15 * MINUTE);

const WORKFLOW = ".github/workflows/dask-research.yml";

/** Properties that an event does not have are empty in expressions. */
const NO_PULL = { "github.event.pull_request.head.repo.full_name": "" };

/** What GitHub sets for each event. */
const EVENTS = {
  pull: {
    "github.event_name": "pull_request",
    "github.ref": "refs/pull/7/merge",
    "github.event.pull_request.head.repo.full_name": "my-company/dask",
    "github.event.pull_request.number": "7",
  },
  fork: {
    "github.event_name": "pull_request",
    "github.ref": "refs/pull/8/merge",
    "github.event.pull_request.head.repo.full_name": "somebody/dask",
  },
  merge: { ...NO_PULL, "github.event_name": "push", "github.ref": "refs/heads/main" },
  night: { ...NO_PULL, "github.event_name": "schedule", "github.ref": "refs/heads/main" },
  branch: { ...NO_PULL, "github.event_name": "workflow_dispatch", "github.ref": "refs/heads/try" },
} satisfies Record<string, Contexts>;
const REPOSITORY = { "github.repository": "my-company/dask", "github.token": "token" };

describeWithTerraform("the workflow of GitHub, its steps as they stand, on the mock AWS", () => {
  let bench: TerraformBench;
  let directory: string;
  let source: string;
  let jobs: WorkflowRun;
  let environment: NodeJS.ProcessEnv;
  const contexts = (event: keyof typeof EVENTS, results: Contexts = {}): Contexts => ({
    ...REPOSITORY,
    ...EVENTS[event],
    ...results,
  });
  const result = ({ outputs }: JobResult) => outputs["steps.plan.outputs.result"];
  const runJob = (job: string, event: keyof typeof EVENTS, results: Contexts = {}) =>
    jobs.run(job, {
      contexts: contexts(event, results),
      environment,
      before: { "Pack the stack": (folder) => ignoreMockDefects(join(folder, "cdktf.out/stacks"), bench) },
    });
  const done = (result: JobResult): JobResult => {
    if (result.code !== 0) throw new Error(`a step failed with exit code ${result.code}:\n${result.output}`);
    return result;
  };

  beforeAll(async () => {
    bench = await terraformBench("pipeline");
    directory = newDirectory("pipeline");
    const project = join(directory, "my-project");
    const bin = join(directory, "bin");
    mkdirSync(project);
    writeProject(project);
    writeTerraform(bin, bench.terraform.command);
    writeGh(bin);
    createBucket(bench.mockAws, STATES);
    environment = {
      ...bench.terraform.environment,
      // What configure-aws-credentials sets, except the keys, which are those of the mock.
      AWS_REGION: REGION,
      PATH: `${bin}:${process.env.PATH}`,
      GITHUB_REPOSITORY: "my-company/dask",
      GITHUB_REF_NAME: "main",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_RUN_ID: "42",
      CI: "true",
    };
    const written = run(project, "npx", "cdktf-dask", "pipeline", "github", "research");
    expect(written).toContain(`  ${WORKFLOW}\n`);
    source = join(directory, "source");
    committed(project, source);
    mkdirSync(join(directory, "jobs"));
    const workflow = readWorkflow(readFileSync(join(source, WORKFLOW), "utf8"));
    jobs = new WorkflowRun(workflow, source, join(directory, "jobs"));
  }, 10 * MINUTE);

  afterAll(async () => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    await bench?.close();
  }, MINUTE);

  // The sources never change, so the following jobs use the artifact of this one.
  test("checks types, policy and cost, without Terraform", () => {
    const { output, folder } = done(runJob("check", "pull"));
    expect(output).toMatch(/^research: \d+ checks passed, \d+ suppressed$/m);
    expect(output).toMatch(/^all +0\.100 +0\.300 +0\.900$/m);
    expect(existsSync(join(folder, "pipeline.out/stack.tgz"))).toBe(true);
  });

  test("fails to plan without a lock file of the providers, and says how to make one", () => {
    const { code, output } = runJob("plan", "pull");
    expect(code).toBe(1);
    expect(output).toContain(
      "locks/terraform/research.hcl: is missing. Hint: run npx cdktf synth and sh pipeline/lock.sh research, and commit the file\n",
    );
  });

  test("has a script that makes the lock file", () => {
    const project = join(directory, "my-project");
    expect(lockProviders(project, bench, environment)).toContain(
      "Next: git add locks/terraform/research.hcl, and commit it\n",
    );
    const lock = readFileSync(join(project, "locks/terraform/research.hcl"), "utf8");
    expect(lock).toContain('provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n');
    cpSync(join(project, "locks"), join(source, "locks"), { recursive: true });
  });

  test("plans a pull request, and writes plan and cost as one comment, which the next run replaces; the artifact has no state", () => {
    const planned = done(runJob("plan", "pull"));
    expect(result(planned)).toBe("changed");
    expect(readdirSync(join(directory, "jobs/artifacts/plan")).sort()).toEqual(["costs.txt", "plan.txt"]);
    expect(planned.summary).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy\./);

    const foreign = { id: 1, user: { login: "somebody" }, body: "<!-- dask research -->" };
    writeFileSync(join(directory, "bin/comments.json"), JSON.stringify([foreign]));
    done(runJob("comment", "pull"));
    done(runJob("comment", "pull"));

    const [untouched, comment, ...others] = JSON.parse(
      readFileSync(join(directory, "bin/comments.json"), "utf8"),
    );
    expect(untouched).toEqual(foreign);
    expect(others).toEqual([]);
    expect(comment.body).toContain(
      "<!-- dask research -->\n### [Plan of research](https://github.com/my-company/dask/actions/runs/42)\n",
    );
    expect(comment.body).toMatch(/\nPlan: \d+ to add, 0 to change, 0 to destroy\.\n/);
    expect(comment.body).toContain("\nresearch in eu-central-1: USD an hour, on demand");
  });

  test("runs each job only for the events that it is for", () => {
    const changed = { "needs.plan.outputs.result": "changed" };
    const starting = (event: keyof typeof EVENTS, results: Contexts) =>
      ["check", "plan", "comment", "apply"].filter((job) => jobs.starts(job, contexts(event, results)));
    expect(starting("pull", changed)).toEqual(["check", "plan", "comment"]);
    expect(starting("fork", changed)).toEqual(["check"]);
    expect(starting("merge", changed)).toEqual(["check", "plan", "apply"]);
    expect(starting("merge", { "needs.plan.outputs.result": "unchanged" })).toEqual(["check", "plan"]);
    expect(starting("night", changed)).toEqual(["check", "plan"]);
    expect(starting("branch", changed)).toEqual(["check", "plan"]);
  });

  test("applies the plan that was approved, once", () => {
    expect(result(done(runJob("plan", "merge")))).toBe("changed");
    const { output } = done(runJob("apply", "merge"));
    expect(output).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed\./);
    expect(maxSizes(bench.mockAws)).toEqual([4]);

    const again = runJob("apply", "merge");
    expect(again.code).toBe(1);
    expect(again.output).toContain("Saved plan is stale");
  });

  test("finds no drift at night", () => {
    const planned = done(runJob("plan", "night"));
    expect(result(planned)).toBe("unchanged");
    expect(planned.output).toContain("No changes. Your infrastructure matches the configuration.");
  });

  test("fails at night after a change of a resource by hand, and says what to do", () => {
    changeMaxSize(bench.mockAws, 9);
    const planned = runJob("plan", "night");
    expect(result(planned)).toBe("changed");
    expect(planned.code).toBe(1);
    expect(planned.output.trimEnd().split("\n").at(-1)).toBe(
      "::error::research: AWS differs from the definition on main. Hint: read the plan, then run this workflow on main and approve it, or change the definition",
    );
    expect(planned.output).toMatch(/~ max_size +/);
  });
});
