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

/** The policy of the role that plans, in `iam/`. */
export const PLAN_POLICIES = ["plan"] as const;

type PolicyName = (typeof DEPLOY_POLICIES | typeof PLAN_POLICIES)[number];

/** Path of a policy file. */
export function policyPath(name: PolicyName): string {
  return join(packageRoot(), "iam", `${name}.json`);
}

/** Every statement of policies; by default of both of the identity that deploys. */
export function statements(names: readonly PolicyName[] = DEPLOY_POLICIES): readonly PolicyStatement[] {
  const list = (value: string | string[]) => [value].flat();
  return names
    .flatMap((name) => JSON.parse(readFileSync(policyPath(name), "utf8")).Statement)
    .map(({ Action, Resource, ...rest }) => ({ ...rest, actions: list(Action), resources: list(Resource) }));
}

/** Whether the policies of the identity that deploys allow the action, as `allowsIn`. */
export function allows(action: string, resource?: string): boolean {
  return allowsIn(DEPLOY_POLICIES, action, resource);
}

/** Whether the policy of the role that plans allows the action, as `allowsIn`. */
export function planAllows(action: string, resource?: string): boolean {
  return allowsIn(PLAN_POLICIES, action, resource);
}

/** Whether a statement allows the action, on the resource if one is given; conditions are not evaluated. */
function allowsIn(names: readonly PolicyName[], action: string, resource?: string): boolean {
  return statements(names).some(
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
