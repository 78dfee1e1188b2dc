import type { AutoscalingDefinition, PoolDefinition } from "./definition";
import { parseDuration } from "./durations";

/** Autoscaling of a resolved cluster. Durations are in seconds; `false`: off. */
export interface Autoscaling {
  /** Whether the definition asks for it. By default a cluster has it if the size of a pool can change. */
  readonly requested: boolean;
  /** Maximum number of nodes with workers of all pools together. */
  readonly maxNodes: number;
  /** Maximum cost of all instances in USD per hour; absent: no limit. */
  readonly maxHourlyCost?: number;
  /** How long results keep nodes while no task runs. */
  readonly keepResults: number | false;
  /** How long no task may finish until the cluster is reported as hung. */
  readonly hungAfter: number | false;
  /** What happens to a cluster that hangs. */
  readonly onHung: "report" | "stop";
  /** How long the autoscaler may be silent until all instances of the pools are ended. */
  readonly deadManSwitch: number | false;
}

/** How a pool of a resolved cluster scales. Durations are in seconds. */
export interface Scaling {
  /** How long fewer nodes must be enough before the pool loses nodes. */
  readonly idleTimeout: number;
  /** How long the waiting tasks may take with the nodes that the autoscaler asks for. */
  readonly targetDuration: number;
  /** How long a node may drain. */
  readonly drainTimeout: number;
}

/** Sizes of a pool of a resolved cluster. */
interface Sizes {
  readonly minSize: number;
  readonly maxSize: number;
}

/** Returns the field `autoscaling` of a resolved cluster, if it has autoscaling. */
export function autoscalingOf(
  definition: boolean | AutoscalingDefinition | undefined,
  pools: readonly Sizes[],
): { readonly autoscaling?: Autoscaling } {
  if (!(definition ?? pools.some(({ minSize, maxSize }) => minSize < maxSize))) return {};
  const given = typeof definition === "object" ? definition : {};
  const { maxNodes, maxHourlyCost, onHung = "report" } = given;
  return {
    autoscaling: {
      requested: definition !== undefined,
      maxNodes: maxNodes ?? pools.reduce((total, { maxSize }) => total + maxSize, 0),
      ...(maxHourlyCost === undefined ? {} : { maxHourlyCost }),
      keepResults: seconds(given.keepResults ?? "12 hours"),
      hungAfter: seconds(given.hungAfter ?? "6 hours"),
      onHung,
      deadManSwitch: seconds(given.deadManSwitch ?? "1 hour"),
    },
  };
}

/** Returns how a pool of a definition scales. */
export function scalingOf(pool: PoolDefinition): Scaling {
  return {
    idleTimeout: parseDuration(pool.idleTimeout ?? "5 minutes") ?? 0,
    targetDuration: parseDuration(pool.targetDuration ?? "2 minutes") ?? 0,
    drainTimeout: parseDuration(pool.drainTimeout ?? "10 minutes") ?? 0,
  };
}

function seconds(duration: string | number | false): number | false {
  return duration !== false && (parseDuration(duration) ?? 0);
}
