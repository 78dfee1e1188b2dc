import type { Pool, ResolvedCluster } from "../resolved-cluster";
import type { ValidationIssue } from "../validation-error";

/** A check of several fields of a cluster. Returns the issues that it finds. */
export type Rule = (cluster: ResolvedCluster) => readonly ValidationIssue[];

/** Returns the rule that checks each pool. `path` is the path of the pool, such as `pools[1]`. */
export function eachPool(rule: (pool: Pool, path: string) => readonly ValidationIssue[]): Rule {
  return ({ pools }) => pools.flatMap((pool, index) => rule(pool, `pools[${index}]`));
}

/**
 * Returns an issue for each value of a list that is equal to an earlier one.
 *
 * @param what name of a value
 * @param text what is compared
 */
export function repeated(
  path: string,
  values: readonly string[] = [],
  what = "entry",
  text = (value: string) => value,
): readonly ValidationIssue[] {
  return values.flatMap((value, index) =>
    issueIf(values.findIndex((other) => text(other) === text(value)) < index, {
      path: `${path}[${index}]`,
      value,
      expected: `each ${what} once`,
      hint: "remove the duplicate",
    }),
  );
}

/** Returns the issue if the rule is broken. */
export function issueIf(broken: boolean, issue: ValidationIssue): readonly ValidationIssue[] {
  return broken ? [issue] : [];
}
