import type { Pool, ResolvedCluster } from "../resolved-cluster";
import type { ValidationIssue } from "../validation-error";

/** A check of several fields of a cluster. Returns the issues that it finds. */
export type Rule = (cluster: ResolvedCluster) => readonly ValidationIssue[];

/** Returns the rule that checks each pool. `path` is the path of the pool, such as `pools[1]`. */
export function eachPool(rule: (pool: Pool, path: string) => readonly ValidationIssue[]): Rule {
  return ({ pools }) => pools.flatMap((pool, index) => rule(pool, `pools[${index}]`));
}

/** Returns the issue if the rule is broken. */
export function issueIf(broken: boolean, issue: ValidationIssue): readonly ValidationIssue[] {
  return broken ? [issue] : [];
}
