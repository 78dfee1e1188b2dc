import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./workspace";

/** Minutes for a job: packages of npm over a slow connection, Checkov, or an apply. */
const JOB_MINUTES = 9;

const PROGRAM = join(ROOT, "node_modules/gitlab-ci-local/dist/index.js");

/** Variables that GitLab sets for a pipeline, by name; undefined: GitLab does not set it. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Runs jobs of a project's pipeline on this computer with gitlab-ci-local, a program that reads GitLab's files as GitLab does:
 * rules, includes, variables, needs and artifacts. Each job runs in a folder of its own with the committed files, by a shell
 * instead of a container from its image.
 */
export class GitLabRun {
  constructor(
    /** A Node that the program needs: 22 or later. */
    private readonly node: string,
    /** Folder of the Git repository. */
    private readonly project: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Jobs that GitLab creates for a pipeline, with when they start. */
  jobs(variables: Variables): Readonly<Record<string, string>> {
    const { code, stdout, output } = this.call(["--list-json"], variables);
    if (code !== 0) throw new Error(output);
    const jobs: readonly { name: string; when: string }[] = JSON.parse(stdout);
    return Object.fromEntries(
      jobs.filter(({ when }) => when !== "never").map(({ name, when }) => [name, when]),
    );
  }

  /** Runs a job, with the artifacts of the jobs that ran before. */
  run(job: string, variables: Variables): { readonly code: number; readonly output: string } {
    // The program names the folder that the job would have in a container.
    const folder = { CI_PROJECT_DIR: join(this.project, ".gitlab-ci-local") };
    return this.call([job, "--force-shell-executor", "--shell-isolation"], { ...folder, ...variables });
  }

  /** Folder with the artifact of a job. */
  artifact(job: string): string {
    const name = job.replaceAll(/[^\w-]+/g, (part) => Buffer.from(part).toString("base64url"));
    return join(this.project, ".gitlab-ci-local/artifacts", name);
  }

  private call(options: readonly string[], variables: Variables) {
    const set = Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? ["--unset-variable", name] : ["--variable", `${name}=${value}`],
    );
    const { status, stdout, stderr, error } = spawnSync(this.node, [PROGRAM, ...options, ...set], {
      cwd: this.project,
      // The variables above stand for GitLab's, so the program need not warn of them.
      env: { ...this.environment, GCL_IGNORE_PREDEFINED_VARS: Object.keys(variables).join(",") },
      encoding: "utf8",
      timeout: JOB_MINUTES * 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    if (error) throw error;
    return { code: status ?? 1, stdout, output: `${stdout}${stderr}` };
  }
}
