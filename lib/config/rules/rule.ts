import type { Pool, ResolvedCluster } from "../resolved-cluster";
import type { ValidationIssue } from "../validation-error";

/** A rule over several fields of a cluster: the issues it finds. */
export type Rule = (cluster: ResolvedCluster) => readonly ValidationIssue[];

/** A rule that looks at one pool at a time; `path` is the pool's, such as `pools[1]`. */
export function eachPool(rule: (pool: Pool, path: string) => readonly ValidationIssue[]): Rule {
  return ({ pools }) => pools.flatMap((pool, index) => rule(pool, `pools[${index}]`));
}

/** The issue, if the rule is broken. */
export function issueIf(broken: boolean, issue: ValidationIssue): readonly ValidationIssue[] {
  return broken ? [issue] : [];
}
