import { instanceTypeFacts } from "../instance-types";
import type { ResolvedCluster } from "../resolved-cluster";

/** Where a cluster is deployed, which decides which settings have an effect. */
export interface DeploymentContext {
  /** Whether the cluster uses an existing network. */
  readonly existingNetwork: boolean;
}

/**
 * Returns a warning for each setting of a definition that has no effect: path, value, reason and hint.
 */
export function settingsWithoutEffect(
  cluster: ResolvedCluster,
  { existingNetwork }: DeploymentContext,
): readonly string[] {
  return [...(existingNetwork ? ofOwnVpc(cluster) : []), ...onDemandBases(cluster)];
}

/** Settings that apply only to a VPC of the cluster. Without NAT, `endpoints` is also required with an existing network. */
function ofOwnVpc({ network: { nat, endpoints } }: ResolvedCluster): readonly string[] {
  const owner =
    "NAT gateways and endpoints of an existing network are managed by its owner. Hint: remove the setting";
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
            "with spotPercentage 0 all instances are on demand. Hint: set spotPercentage, or remove onDemandBase",
          ),
        ]
      : [],
  );
}

function withoutEffect(path: string, value: unknown, why: string): string {
  return `${path}: got ${JSON.stringify(value)}, which has no effect: ${why}`;
}

/**
 * Returns a warning for each instance type whose facts the definition gives: limits and ports depend on them, and they
 * cannot be checked.
 */
export function unverifiedFacts({ scheduler, pools }: ResolvedCluster): readonly string[] {
  const used = [scheduler.instanceType, ...pools.flatMap(({ instanceTypes }) => instanceTypes)];
  return Object.entries(scheduler.givenFacts ?? {}).map(([type, { vcpus, memoryMiB, gpus }]) => {
    const given = `instanceTypeFacts["${type}"]: got ${vcpus} vCPUs, ${memoryMiB} MiB and ${gpus} GPUs`;
    if (!used.includes(type))
      return `${given}, which has no effect: no node has this type. Hint: remove the facts`;
    return instanceTypeFacts(type) === undefined
      ? `${given}, which is not checked: this version does not know the type. Hint: compare with aws ec2 describe-instance-types --instance-types ${type}`
      : `${given}, which replaces what this version knows of the type. Hint: remove the facts`;
  });
}
