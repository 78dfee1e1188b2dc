import type { ClusterDefinition } from "./definition";
import { resolve } from "./resolve";
import type { ResolvedCluster } from "./resolved-cluster";
import { rules } from "./rules";
import { checkShape } from "./shape";
import { ValidationError } from "./validation-error";

/**
 * Validates a definition, fills in its defaults and freezes the result.
 *
 * @example
 * const research = defineCluster({
 *   name: "research",
 *   network: { adminSubnets: ["10.8.0.0/16"] },
 *   pools: [{ name: "cpu", kind: "cpu", instanceTypes: ["m7i.4xlarge"], maxSize: 20, spotPercentage: 80 }],
 * });
 *
 * @throws ValidationError with every issue of the definition: path, value, expected value and hint
 */
export function defineCluster(definition: ClusterDefinition): ResolvedCluster {
  const { issues: shapeIssues, valid } = checkShape(definition);
  const cluster = resolve(valid);
  const invalid = shapeIssues.map(({ path }) => path);
  const ruleIssues = rules
    .flatMap((rule) => rule(cluster))
    .filter(({ path }) => !invalid.some((at) => contains(at, path) || at.startsWith(`${path}[`)));
  const issues = [...shapeIssues, ...ruleIssues];
  if (issues.length > 0) throw new ValidationError((definition as ClusterDefinition | null)?.name, issues);
  return deepFreeze(cluster);
}

/** Returns whether `path` is `outer` or a part of it. */
function contains(outer: string, path: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
