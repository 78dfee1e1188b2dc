import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { fileLinters, shellcheck } from "./python-environment";

/** Milliseconds after which a linter is killed. */
const TIMEOUT = 60_000;

/** Exit code and output of a command. */
export interface Checked {
  readonly code: number | null;
  readonly said: string;
}

/** What `check-jsonschema` prints about files without an issue. */
export const VALID: Checked = { code: 0, said: "ok -- validation done\n" };

/** What `WorkflowLinters.shell` returns for steps without an issue. */
export const CLEAN: Checked = { code: 0, said: "" };

interface Step {
  readonly run?: string;
  readonly shell?: string;
}

interface Workflow {
  readonly jobs?: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
}

/** Linters of workflows of GitHub and of other files with a published schema. None of them uses the network. */
export class WorkflowLinters {
  private constructor(
    private readonly bin: string,
    private readonly shellcheckBin: string,
  ) {}

  /** Installs the linters if they are missing. */
  static async install(): Promise<WorkflowLinters> {
    return new WorkflowLinters(await fileLinters(), await shellcheck());
  }

  /** Python of the linters, without packages of the project. */
  get python(): string {
    return join(this.bin, "python");
  }

  /**
   * Checks files against a schema.
   *
   * @param schema a name that `check-jsonschema --help` lists, such as `vendor.github-workflows`, or the path of a schema
   */
  schema(schema: string, ...files: readonly string[]): Checked {
    const option = /^(vendor|custom)\./.test(schema) ? "--builtin-schema" : "--schemafile";
    return check([join(this.bin, "check-jsonschema"), option, schema, ...files]);
  }

  /** Checks the security of workflows, and of the configuration of Dependabot, with zizmor's persona `pedantic`. */
  security(...files: readonly string[]): Checked {
    const options = ["--offline", "--no-config", "--no-progress", "--color=never", "--pedantic"];
    const { code, said } = check([join(this.bin, "zizmor"), ...options, "--strict-collection", ...files]);
    // Without a finding, it prints what it read.
    return code === 0 ? { code, said: "" } : { code, said };
  }

  /** Checks shell scripts with shellcheck. */
  script(...files: readonly string[]): Checked {
    return check([join(this.shellcheckBin, "shellcheck"), ...files]);
  }

  /** Checks the shell of each step of a workflow with shellcheck, after expressions are replaced by a word. */
  shell(file: string): Checked {
    const { jobs = {} } = parse(readFileSync(file, "utf8")) as Workflow;
    const scripts = Object.values(jobs).flatMap(({ steps = [] }) =>
      steps.flatMap(({ run, shell = "bash" }) =>
        run === undefined ? [] : [{ run, shell: shellName(shell) }],
      ),
    );
    const results = scripts.map(({ run, shell }) =>
      check(
        [join(this.shellcheckBin, "shellcheck"), "--shell", shell, "-"],
        // GitHub starts Bash with -e.
        `set -e\n${run.replaceAll(/\$\{\{.*?\}\}/gs, "expression")}`,
      ),
    );
    return {
      code: results.find(({ code }) => code !== 0)?.code ?? 0,
      said: results.map(({ said }) => said).join(""),
    };
  }
}

/** The shell of a `shell:` such as `bash -euo pipefail {0}`. */
function shellName(shell: string): string {
  return shell.split(" ")[0] ?? shell;
}

function check([command = "", ...argv]: readonly string[], input = ""): Checked {
  const { status, stdout, stderr, error } = spawnSync(command, argv, {
    encoding: "utf8",
    input,
    timeout: TIMEOUT,
  });
  if (error) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}
