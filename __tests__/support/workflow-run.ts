import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Step, Workflow } from "./workflow";

/** Values of contexts such as `github.event_name`, by their whole name. */
export type Contexts = Readonly<Record<string, string>>;

/** Result of a job: the exit code of its last step, its output, and what it passes on. */
export interface JobResult {
  readonly code: number;
  readonly output: string;
  /** What the steps wrote to `GITHUB_OUTPUT`, by `steps.<id>.outputs.<name>`. */
  readonly outputs: Contexts;
  readonly summary: string;
  /** Folder of the job. */
  readonly folder: string;
}

/** How a job runs here. */
export interface JobOptions {
  readonly contexts: Contexts;
  readonly environment: NodeJS.ProcessEnv;
  /** What the test does before a step with this name, in the folder of the job. */
  readonly before?: Readonly<Record<string, (folder: string) => void>>;
}

/** Minutes for a step: packages of npm over a slow connection, or an apply. */
const STEP_MINUTES = 9;

/**
 * Runs jobs of a workflow on this computer: the scripts of the steps as they stand, each job in a new folder. Doubles stand for
 * the actions: checkout copies a folder, artifacts are files of another folder, and other actions (tools, credentials) do nothing.
 */
export class WorkflowRun {
  constructor(
    private readonly workflow: Workflow,
    /** What checkout gets. */
    private readonly source: string,
    /** Folder for those of the jobs, and for the artifacts. */
    private readonly scratch: string,
  ) {}

  /** Whether GitHub starts a job, by its `if` and that of the job that it needs. */
  starts(name: string, contexts: Contexts): boolean {
    const job = this.workflow.jobs[name];
    const needed = job?.needs === undefined || this.starts(job.needs, contexts);
    return needed && holds(job?.if, contexts);
  }

  /** Runs a job until a step fails. */
  run(name: string, { contexts, environment, before = {} }: JobOptions): JobResult {
    const job = this.workflow.jobs[name];
    if (job === undefined) throw new Error(`the workflow has no job ${name}`);
    const folder = mkdtempSync(join(this.scratch, `${name}-`));
    const files = { GITHUB_OUTPUT: `${folder}.output`, GITHUB_STEP_SUMMARY: `${folder}.summary` };
    for (const file of Object.values(files)) writeFileSync(file, "");
    let output = "";
    let outputs: Contexts = {};
    let code = 0;
    for (const step of job.steps) {
      const all = { ...contexts, ...outputs };
      if (!holds(step.if, all)) continue;
      before[step.name ?? ""]?.(folder);
      if (step.run === undefined) {
        this.action(step, folder);
        continue;
      }
      const env = { ...environment, ...files, ...this.workflow.env, ...filled(step.env ?? {}, all) };
      const done = bash(step.run, folder, env);
      output += done.output;
      outputs = { ...outputs, ...outputsOf(step, files.GITHUB_OUTPUT) };
      code = done.code;
      if (code !== 0) break;
    }
    return { code, output, outputs, summary: readFileSync(files.GITHUB_STEP_SUMMARY, "utf8"), folder };
  }

  /** The double of an action. */
  private action({ uses = "", with: inputs = {} }: Step, folder: string): void {
    const artifact = join(this.scratch, "artifacts", String(inputs.name));
    if (uses.startsWith("actions/checkout@")) cpSync(this.source, folder, { recursive: true });
    if (uses.startsWith("actions/download-artifact@"))
      cpSync(artifact, join(folder, String(inputs.path)), { recursive: true });
    if (!uses.startsWith("actions/upload-artifact@")) return;
    // As the action does: a folder or files of one folder become the files of the artifact; files may be missing, but not all.
    const paths = String(inputs.path).trim().split("\n");
    const found = paths.filter((path) => existsSync(join(folder, path)));
    if (found.length === 0) throw new Error(`the artifact ${inputs.name} has no files: ${paths}`);
    rmSync(artifact, { recursive: true, force: true });
    mkdirSync(artifact, { recursive: true });
    for (const path of found) {
      const from = join(folder, path);
      cpSync(
        from,
        path.includes(".txt") || path.includes(".tgz")
          ? join(artifact, path.slice(path.lastIndexOf("/") + 1))
          : artifact,
        { recursive: true },
      );
    }
  }
}

/** Runs a script as GitHub does for `shell: bash`. */
function bash(script: string, cwd: string, env: NodeJS.ProcessEnv) {
  const file = `${cwd}.sh`;
  writeFileSync(file, script);
  const { status, stdout, stderr, error } = spawnSync(
    "bash",
    ["--noprofile", "--norc", "-eo", "pipefail", file],
    { cwd, env, encoding: "utf8", timeout: STEP_MINUTES * 60_000, maxBuffer: 64 * 1024 * 1024 },
  );
  if (error) throw error;
  return { code: status ?? 1, output: `${stdout}${stderr}` };
}

function outputsOf({ id }: Step, file: string): Contexts {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [`steps.${id}.outputs.${line.split("=")[0]}`, line.slice(line.indexOf("=") + 1)]),
  );
}

/** Variables with the values of their expressions. */
function filled(env: Readonly<Record<string, string>>, contexts: Contexts) {
  const value = (text: string) =>
    text.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => contextValue(name, contexts));
  return Object.fromEntries(Object.entries(env).map(([name, text]) => [name, value(text)]));
}

/** Whether an expression of contexts, comparisons, `&&` and `||` holds. */
function holds(expression: string | undefined, contexts: Contexts): boolean {
  if (expression === undefined) return true;
  const script = expression.replaceAll(/'[^']*'|[a-z][\w.]*/gi, (part) =>
    part.startsWith("'") ? part : JSON.stringify(contextValue(part, contexts)),
  );
  return Boolean(new Function(`return ${script}`)());
}

function contextValue(name: string, contexts: Contexts): string {
  const value = contexts[name];
  if (value === undefined) throw new Error(`the test has no value for ${name}`);
  return value;
}
