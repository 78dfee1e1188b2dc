import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createBucket } from "../support/aws-home";
import { describeWithTerraform } from "../support/terraform/suite";
import { type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { GitLabRun, type Variables } from "./gitlab-run";
import { writeAptGet, writeTerraform } from "./pipeline-commands";
import {
  changeMaxSize,
  committed,
  ignoreMockDefects,
  lockProviders,
  maxSizes,
  STATES,
  writeProject,
} from "./pipeline-project";
import { installNode, newDirectory, run } from "./workspace";

const MINUTE = 60_000;
jest.setTimeout(15 * MINUTE);

/** gitlab-ci-local needs Node 22 or later. */
const NODE = "24.21.0";

/** Account of the mock AWS. */
const ACCOUNT = "123456789012";

const CHECK = "research check";
const PLAN = "research plan";
const APPLY = "research apply";

/** Variables of the project, and the token that GitLab makes for the job. */
const PROJECT = {
  PLAN_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/plan`,
  APPLY_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/apply`,
  AWS_TOKEN: "token-of-the-job",
};

/** What GitLab sets for each pipeline. */
const PIPELINES = {
  mergeRequest: {
    CI_PIPELINE_SOURCE: "merge_request_event",
    CI_COMMIT_BRANCH: undefined,
    CI_MERGE_REQUEST_PROJECT_PATH: "my-company/dask",
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: "my-company/dask",
  },
  fork: {
    CI_PIPELINE_SOURCE: "merge_request_event",
    CI_COMMIT_BRANCH: undefined,
    CI_MERGE_REQUEST_PROJECT_PATH: "my-company/dask",
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: "guest/dask",
  },
  merge: { CI_PIPELINE_SOURCE: "push" },
  night: { CI_PIPELINE_SOURCE: "schedule" },
} satisfies Record<string, Variables>;

const title = "the pipeline of GitLab, its jobs as they stand, on the mock AWS";
const tests = () => {
  let bench: TerraformBench;
  let directory: string;
  let pipeline: GitLabRun;
  const runJob = (job: string, kind: keyof typeof PIPELINES) =>
    pipeline.run(job, { ...PROJECT, ...PIPELINES[kind] });
  const done = ({ code, output }: { code: number; output: string }): string => {
    if (code !== 0) throw new Error(`the job failed with exit code ${code}:\n${output}`);
    return output;
  };

  beforeAll(async () => {
    bench = await terraformBench("gitlab");
    directory = newDirectory("gitlab");
    const project = join(directory, "my-project");
    const bin = join(directory, "bin");
    mkdirSync(project);
    writeProject(project);
    writeTerraform(bin, bench.terraform.command);
    writeAptGet(bin);
    createBucket(bench.mockAws, STATES);
    const environment: NodeJS.ProcessEnv = {
      ...bench.terraform.environment,
      // For the token, Terraform's backend does not use AWS_ENDPOINT_URL.
      AWS_ENDPOINT_URL_STS: bench.mockAws.endpoint,
      PATH: `${bin}:${process.env.PATH}`,
      CI: "true",
    };
    run(project, "npx", "cdktf-dask", "pipeline", "gitlab", "research");
    lockProviders(project, bench, environment);
    const repository = join(directory, "repository");
    committed(project, repository);
    commit(repository);
    // The jobs have no keys, only the token.
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...keyless } = environment;
    pipeline = new GitLabRun(installNode(NODE, join(directory, "node")), repository, keyless);
  }, 10 * MINUTE);

  afterAll(async () => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    await bench?.close();
  }, MINUTE);

  test("creates each job only in the pipelines that it is for, and waits for a user before it applies", () => {
    const checked = { [CHECK]: "on_success" };
    const planned = { ...checked, [PLAN]: "on_success" };
    expect(pipeline.jobs(PIPELINES.mergeRequest)).toEqual(planned);
    expect(pipeline.jobs(PIPELINES.fork)).toEqual(checked);
    expect(pipeline.jobs(PIPELINES.merge)).toEqual({ ...planned, [APPLY]: "manual" });
    expect(pipeline.jobs(PIPELINES.night)).toEqual(planned);
  });

  // The sources never change, so the following jobs use the artifact of this one.
  test("checks types, policy and cost, without Terraform", () => {
    const output = done(runJob(CHECK, "mergeRequest"));
    expect(output).toMatch(/research: \d+ checks passed, \d+ suppressed$/m);
    expect(output).toMatch(/all +0\.100 +0\.300 +0\.900$/m);
    const folder = join(pipeline.artifact(CHECK), "pipeline.out");
    expect(readdirSync(folder).sort()).toEqual(["costs.txt", "stack.tgz"]);
    const stacks = join(directory, "stacks");
    mkdirSync(stacks);
    run(folder, "tar", "-xzf", "stack.tgz", "-C", stacks);
    ignoreMockDefects(stacks, bench);
    run(folder, "tar", "-czf", "stack.tgz", "-C", stacks, "research");
  });

  test("plans a merge request with a role; the artifact has no state", () => {
    expect(done(runJob(PLAN, "mergeRequest"))).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy\./);
    expect(bench.mockAws.actionsOfTerraform()).toContain("sts:AssumeRoleWithWebIdentity");
    expect(readdirSync(join(pipeline.artifact(PLAN), "pipeline.out"))).toEqual(["plan.txt"]);
  });

  test("applies the plan of the merge, once", () => {
    done(runJob(PLAN, "merge"));
    expect(done(runJob(APPLY, "merge"))).toMatch(
      /Apply complete! Resources: \d+ added, 0 changed, 0 destroyed\./,
    );
    expect(maxSizes(bench.mockAws)).toEqual([4]);

    // The pipeline passes with a warning, because the job is optional.
    expect(runJob(APPLY, "merge").output).toContain("Saved plan is stale");
  });

  test("finds no drift at night", () => {
    expect(done(runJob(PLAN, "night"))).toContain(
      "No changes. Your infrastructure matches the configuration.",
    );
  });

  test("fails at night after a change of a resource by hand, and says what to do", () => {
    changeMaxSize(bench.mockAws, 9);
    const { code, output } = runJob(PLAN, "night");
    expect(code).toBe(1);
    expect(output).toMatch(/~ max_size +/);
    expect(output).toContain(
      "research: AWS differs from the definition on main. Hint: read the plan, then run a pipeline on main and start the job that applies, or change the definition\n",
    );
  });
};

// gitlab-ci-local copies files with rsync.
describeWithTerraform(title, tests, ["git", "rsync"]);

/** Commits the files of a folder to the branch `main` of a new repository of Git. */
function commit(folder: string): void {
  const git = (...words: string[]) => execFileSync("git", words, { cwd: folder, stdio: "pipe" });
  git("init", "-q", "-b", "main");
  git("remote", "add", "origin", "https://gitlab.com/my-company/dask.git");
  git("add", ".");
  git("-c", "user.name=User", "-c", "user.email=user@example.com", "commit", "-q", "-m", "Pipeline");
}
