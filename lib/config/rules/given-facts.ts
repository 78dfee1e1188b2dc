import { instanceTypeFacts } from "../instance-types";
import type { ResolvedCluster } from "../resolved-cluster";

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
