import type { IConstruct } from "constructs";
import { resolvedText } from "../account/names";

/** Characters in all inline policies of a role, white space aside (IAM User Guide, "IAM and AWS STS quotas"). */
const MAX_CHARACTERS = 10_240;

/** Longest values of the references of Terraform in policies; an ARN of the constructs has fewer characters. */
const LENGTHS: Readonly<Record<string, number>> = { account_id: 12, partition: 10, dns_suffix: 16 };
const MAX_ARN_LENGTH = 128;

/** What to do about the policies of an instance's role. */
const HINT =
  "name fewer places in data, such as their common prefix; or grant some with managedPolicies (addManagedPolicy)";

/** Returns the error if the inline policies of a role may be larger than IAM allows. */
export function inlinePolicyIssues(
  scope: IConstruct,
  policies: readonly string[],
  hint: string = HINT,
): string[] {
  const characters = policies.map((policy) => lengthOf(resolvedText(scope, policy)));
  const sum = characters.reduce((total, count) => total + count, 0);
  return sum <= MAX_CHARACTERS
    ? []
    : [
        `inline policies: got up to ${sum} characters, expected at most ${MAX_CHARACTERS} in all inline policies of a role. Hint: ${hint}`,
      ];
}

function lengthOf(policy: string): number {
  return policy
    .replaceAll(/\$\{[^}]*?(\w+)\}/g, (_, attribute) => "x".repeat(LENGTHS[attribute] ?? MAX_ARN_LENGTH))
    .replaceAll(/\s/g, "").length;
}
