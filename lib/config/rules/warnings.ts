import { instanceTypeFacts } from "../instance-types";
import type { ResolvedCluster } from "../resolved-cluster";

/** Decides which settings have an effect. */
export interface Surroundings {
  /** Whether the cluster gets an existing network. */
  readonly existingNetwork: boolean;
}

/**
 * Returns a sentence for each setting of a definition that has no effect: path, value, reason and hint. Such a setting is no
 * error, but most likely not what its author meant.
 */
export function settingsWithoutEffect(
  cluster: ResolvedCluster,
  { existingNetwork }: Surroundings,
): readonly string[] {
  return [...(existingNetwork ? ofOwnVpc(cluster) : []), ...onDemandBases(cluster)];
}

/** Settings of a VPC that is made for the cluster. Without NAT, `endpoints` is required also with an existing network. */
function ofOwnVpc({ network: { nat, endpoints } }: ResolvedCluster): readonly string[] {
  const owner =
    "NAT gateways and endpoints of an existing network are managed by its owner. Hint: take the setting out";
  return [
    ...(nat === "per-zone" ? [withoutEffect("network.nat", nat, owner)] : []),
    ...(endpoints && nat !== "none" ? [withoutEffect("network.endpoints", endpoints, owner)] : []),
  ];
}

/** A pool without spot instances has on-demand instances only. */
function onDemandBases({ pools }: ResolvedCluster): readonly string[] {
  return pools.flatMap(({ onDemandBase, spotPercentage }, index) =>
    onDemandBase > 0 && spotPercentage === 0
      ? [
          withoutEffect(
            `pools[${index}].onDemandBase`,
            onDemandBase,
            "with spotPercentage 0 all instances are on demand. Hint: set spotPercentage, or take onDemandBase out",
          ),
        ]
      : [],
  );
}

function withoutEffect(path: string, value: unknown, why: string): string {
  return `${path}: got ${JSON.stringify(value)}, which has no effect: ${why}`;
}

/**
 * Returns a sentence for each instance type whose facts a definition gives: they decide limits and ports, and nothing checks
 * them.
 */
export function unverifiedFacts({ scheduler, pools }: ResolvedCluster): readonly string[] {
  const used = [scheduler.instanceType, ...pools.flatMap(({ instanceTypes }) => instanceTypes)];
  return Object.entries(scheduler.givenFacts ?? {}).map(([type, { vcpus, memoryMiB, gpus }]) => {
    const given = `instanceTypeFacts["${type}"]: got ${vcpus} vCPUs, ${memoryMiB} MiB and ${gpus} GPUs`;
    if (!used.includes(type))
      return `${given}, which has no effect: no node has this type. Hint: take the facts out`;
    return instanceTypeFacts(type) === undefined
      ? `${given}, which is not checked: this version does not know the type. Hint: compare with aws ec2 describe-instance-types --instance-types ${type}`
      : `${given}, which replaces what this version knows of the type. Hint: take the facts out`;
  });
}
