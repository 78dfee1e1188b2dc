import type { Cluster } from "./cluster";
import type { ClusterDefinition } from "./definition";
import { DefinitionError } from "./faults";
import { resolve } from "./resolve";
import { rules } from "./rules";
import { checkShape } from "./shape";

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
 * @throws DefinitionError with every fault of the definition: path, value given, what is allowed, remedy
 */
export function defineCluster(definition: ClusterDefinition): Cluster {
  const { faults: shapeFaults, sound } = checkShape(definition);
  const cluster = resolve(sound);
  const faulty = shapeFaults.map(({ path }) => path);
  const ruleFaults = rules
    .flatMap((rule) => rule(cluster))
    .filter(({ path }) => !faulty.some((at) => contains(at, path) || at.startsWith(`${path}[`)));
  const faults = [...shapeFaults, ...ruleFaults];
  if (faults.length > 0) throw new DefinitionError((definition as ClusterDefinition | null)?.name, faults);
  return deepFreeze(cluster);
}

/** Whether a path is another one, or leads on from it. */
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
