import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

/** A statement of a policy file, with lists where IAM also takes a single word. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The policies of the identity that deploys, in `iam/`; two, because IAM limits the size of each. */
export const DEPLOY_POLICIES = ["deploy-ec2", "deploy-data-and-roles"] as const;

/** Path of a policy file. */
export function policyPath(name: (typeof DEPLOY_POLICIES)[number]): string {
  return join(packageRoot(), "iam", `${name}.json`);
}

/** Every statement of both policies. */
export function statements(): readonly PolicyStatement[] {
  const list = (value: string | string[]) => [value].flat();
  return DEPLOY_POLICIES.flatMap((name) => JSON.parse(readFileSync(policyPath(name), "utf8")).Statement).map(
    ({ Action, Resource, ...rest }) => ({ ...rest, actions: list(Action), resources: list(Resource) }),
  );
}

/** Whether a statement allows the action, on the resource if one is given; conditions are not evaluated. */
export function allows(action: string, resource?: string): boolean {
  return statements().some(
    ({ actions, resources }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      (resource === undefined || resources.some((pattern) => matches(pattern, resource))),
  );
}

/** IAM's patterns: `*` stands for any characters. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${expression}$`).test(text);
}
