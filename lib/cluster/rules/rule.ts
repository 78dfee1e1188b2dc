import type { Cluster, Pool } from "../cluster";
import type { Fault } from "../faults";

/** A rule over several fields of a cluster: the faults it finds. */
export type Rule = (cluster: Cluster) => readonly Fault[];

/** A rule that looks at one pool at a time; `path` is the pool's, such as `pools[1]`. */
export function eachPool(rule: (pool: Pool, path: string) => readonly Fault[]): Rule {
  return ({ pools }) => pools.flatMap((pool, index) => rule(pool, `pools[${index}]`));
}

/** The fault, if the rule is broken. */
export function faultIf(broken: boolean, fault: Fault): readonly Fault[] {
  return broken ? [fault] : [];
}
