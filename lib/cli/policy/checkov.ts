import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { findPython } from "../../local/runtime/python";
import type { CommandContext } from "../../local/runtime/run-command";
import { createTools, STEP_SECONDS } from "../../local/runtime/tools";
import { waitForLock } from "../../local/runtime/wait-for-lock";
import { packageFile, packageRoot } from "../../node/package-file";

const LOCKFILE = "locks/tools/checkov.txt";

/** Versions of Python that the lockfile is resolved for. */
const PYTHONS = ["3.12", "3.13", "3.11"];

/** Time for Checkov on one stack; it takes six seconds on two free cores. */
const RUN_TIMEOUT = 2 * 60_000;

/** Maximum bytes of Checkov's report. */
const MAX_REPORT = 256 * 1024 * 1024;

/** Result of one check of Checkov for one resource. */
export interface CheckovVerdict {
  /** Id such as `CKV_AWS_8`. */
  readonly check: string;
  /** Title of the check in Checkov. */
  readonly name: string;
  /** Name of the resource in Terraform without its type, or that of a provider or a setting. */
  readonly resource: string;
  readonly passed: boolean;
}

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  /** `resource.<name>` of checks of one resource, `<type>.<name>` of checks that follow references. */
  readonly resource: string;
}

/** Installs Checkov from its lockfile into a folder of the project, and returns its Python. */
export async function installCheckov(context: CommandContext): Promise<string> {
  const python = await findPython(PYTHONS);
  const digest = createHash("sha256").update(packageFile(LOCKFILE)).update(python.path).digest("hex");
  const tools = resolve(".dask", ".tools");
  const directory = join(tools, `checkov-${digest.slice(0, 12)}`);
  mkdirSync(tools, { recursive: true });
  const lock = resolve(".dask", ".locks", ".checkov");
  await waitForLock(lock, "the installation of Checkov", STEP_SECONDS, context.signal);
  await createTools(context, {
    names: "Checkov",
    directory,
    python,
    lockfiles: [LOCKFILE],
    check: ["-c", "import checkov.main"],
    logFile: join(tools, "install-checkov.log"),
  });
  return join(directory, "bin", "python");
}

/**
 * Runs every check of Checkov on a synthesized stack. It uses neither the network nor settings of the user.
 *
 * @param python of an environment with Checkov
 * @param folder of the stack
 * @throws Error if Checkov cannot read the stack
 */
export async function runCheckov(
  python: string,
  folder: string,
  signal?: AbortSignal,
): Promise<readonly CheckovVerdict[]> {
  const { stdout } = await promisify(execFile)(
    python,
    [
      join(packageRoot(), "pipelines", "checkov_json.py"),
      ...["--directory", folder, "--framework", "terraform_json", "--output", "json"],
      ...["--skip-download", "--soft-fail"],
    ],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        CKV_SKIP_PACKAGE_UPDATE_CHECK: "true",
        PYTHONDONTWRITEBYTECODE: "1",
      },
      maxBuffer: MAX_REPORT,
      timeout: RUN_TIMEOUT,
      ...(signal && { signal }),
    },
  );
  const { check_type, results } = JSON.parse(stdout);
  if (check_type !== "terraform_json" || results.parsing_errors.length > 0)
    throw new Error(`${folder}: Checkov could not read it: ${stdout.slice(0, 1000)}`);
  const verdict =
    (passed: boolean) =>
    ({ check_id, check_name, resource }: Check): CheckovVerdict => ({
      check: check_id,
      name: check_name,
      resource: resource.slice(resource.lastIndexOf(".") + 1),
      passed,
    });
  return [...results.passed_checks.map(verdict(true)), ...results.failed_checks.map(verdict(false))];
}
