import { join } from "node:path";
import { TerraformElement, TerraformResource, type TerraformStack } from "cdktf";
import { type CheckovSuppression, suppressionsIn } from "../../lib/aws/account/suppression";
import { runCheckov } from "../../lib/cli/policy/checkov";
import { checkov } from "../support/python-environment";

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
  const verdicts = await runOn(stack, join(outdir, "stacks", stack.node.id));
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

/** Runs every check of Checkov on a synthesized stack. */
async function runOn(stack: TerraformStack, directory: string): Promise<readonly Verdict[]> {
  const verdicts = await runCheckov(join(await checkov(), "python"), directory);
  const elements = new Map(
    stack.node
      .findAll()
      .filter((construct) => TerraformElement.isTerraformElement(construct))
      .map((element) => [element.friendlyUniqueId, element]),
  );
  return verdicts.map(({ check, name, resource, passed }) => ({
    check,
    name,
    element: elements.get(resource),
    passed,
  }));
}
