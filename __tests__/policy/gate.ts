import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { TerraformElement, TerraformResource, type TerraformStack } from "cdktf";
import { type CheckovSuppression, suppressionsIn } from "../../lib/aws/account/suppression";
import { checkov } from "../support/python-environment";

/** Time for Checkov on one stack; it takes six seconds on two free cores. */
const RUN_TIMEOUT = 2 * 60_000;

/** Result of one check of Checkov for one resource. */
export interface Verdict {
  /** Id such as `CKV_AWS_8`. */
  readonly check: string;
  /** Title of the check in Checkov. */
  readonly name: string;
  /** Construct of the resource; `undefined` for a provider and for settings of Terraform. */
  readonly element: TerraformElement | undefined;
  readonly passed: boolean;
}

/** Result of all checks for a stack. */
export interface PolicyReport {
  readonly verdicts: readonly Verdict[];
  /** Failed checks that no suppression covers, a line for each. */
  readonly failed: readonly string[];
  /** Suppressions that no failed check needs, a line for each. */
  readonly stale: readonly string[];
  /** Suppressions that cover a failed check, with the title of the check. */
  readonly suppressed: readonly (CheckovSuppression & { readonly name: string })[];
}

/** Checks a stack that was synthesized into the output folder of an app. */
export async function evaluate(stack: TerraformStack, outdir: string): Promise<PolicyReport> {
  const verdicts = await runCheckov(stack, join(outdir, "stacks", stack.node.id));
  const failures = verdicts.filter(({ passed }) => !passed);
  const suppressions = suppressionsIn(stack);
  const about = (failure: Verdict) => (suppression: CheckovSuppression) =>
    suppression.check === failure.check && suppression.resource === failure.element;
  return {
    verdicts,
    failed: failures
      .filter((failure) => !suppressions.some(about(failure)))
      .map(({ check, name, element }) => `${check} ${addressOf(element)}: ${name}`),
    stale: suppressions
      .filter((suppression) => !failures.some((failure) => about(failure)(suppression)))
      .map(({ check, resource }) => `${check} ${addressOf(resource)}: suppressed, and not failed`),
    suppressed: suppressions.flatMap((suppression) => {
      const failure = failures.find((failure) => about(failure)(suppression));
      return failure === undefined ? [] : [{ ...suppression, name: failure.name }];
    }),
  };
}

/** Address of a construct in Terraform, such as `aws_vpc.cluster_network_48CBFB31`. */
export function addressOf(element: TerraformElement | undefined): string {
  if (element === undefined) return "the stack";
  return TerraformResource.isTerraformResource(element)
    ? `${element.terraformResourceType}.${element.friendlyUniqueId}`
    : element.friendlyUniqueId;
}

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  /** `resource.<name>` of checks of one resource, `<type>.<name>` of checks that follow references. */
  readonly resource: string;
}

/** Runs every check of Checkov on a synthesized stack. It uses neither the network nor settings of the user. */
async function runCheckov(stack: TerraformStack, directory: string): Promise<readonly Verdict[]> {
  const program = join(await checkov(), "python");
  const { stdout } = await promisify(execFile)(
    program,
    [
      join(__dirname, "checkov_json.py"),
      ...["--directory", directory, "--framework", "terraform_json", "--output", "json"],
      ...["--skip-download", "--soft-fail"],
    ],
    {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        CKV_SKIP_PACKAGE_UPDATE_CHECK: "true",
        PYTHONDONTWRITEBYTECODE: "1",
      },
      maxBuffer: 256 * 1024 * 1024,
      timeout: RUN_TIMEOUT,
    },
  );
  const { check_type, results } = JSON.parse(stdout);
  if (check_type !== "terraform_json" || results.parsing_errors.length > 0)
    throw new Error(`${directory}: Checkov could not read it: ${stdout.slice(0, 1000)}`);

  const elements = new Map(
    stack.node
      .findAll()
      .filter((construct) => TerraformElement.isTerraformElement(construct))
      .map((element) => [element.friendlyUniqueId, element]),
  );
  const verdict =
    (passed: boolean) =>
    ({ check_id, check_name, resource }: Check): Verdict => ({
      check: check_id,
      name: check_name,
      element: elements.get(resource.slice(resource.lastIndexOf(".") + 1)),
      passed,
    });
  return [...results.passed_checks.map(verdict(true)), ...results.failed_checks.map(verdict(false))];
}
