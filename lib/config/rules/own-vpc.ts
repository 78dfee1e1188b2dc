import { contains } from "../cidr";
import type { ResolvedCluster } from "../resolved-cluster";
import { SMALLEST_DERIVED_PREFIX } from "../subnets";
import { ValidationError } from "../validation-error";
import { issueIf, type Rule } from "./rule";
import { overlapIssues, schedulerAddressIssues, sizeIssues } from "./subnets";

/** Subnets of a VPC that is made for the cluster lie in its block, apart from each other, and contain the scheduler. */
const ownVpc: Rule = (cluster) => {
  const { vpcCidr, zones, nat } = cluster.network;
  const subnets = zones.flatMap(({ privateSubnet, publicSubnet }, index) => {
    const path = `network.zones[${index}]`;
    const withPublic = nat !== "none" && publicSubnet !== undefined;
    return [
      { path: `${path}.privateSubnet`, cidr: privateSubnet, isPublic: false },
      ...(withPublic ? [{ path: `${path}.publicSubnet`, cidr: publicSubnet, isPublic: true }] : []),
    ];
  });
  return [
    ...zones.flatMap(({ publicSubnet }, index) =>
      issueIf(nat !== "none" && publicSubnet === undefined, {
        path: `network.zones[${index}].publicSubnet`,
        value: publicSubnet,
        expected: `a block for the NAT gateway: it is derived only from a VPC of /16 to /${SMALLEST_DERIVED_PREFIX}, for zones a to g`,
        hint: "give the zone a publicSubnet, or choose a larger network.vpcCidr",
      }),
    ),
    ...subnets.flatMap((subnet, index) => [
      ...issueIf(!contains(vpcCidr, subnet.cidr), {
        path: subnet.path,
        value: subnet.cidr,
        expected: `a block inside the VPC's ${vpcCidr}`,
        hint: "move the subnet into the VPC, widen network.vpcCidr, or pass the construct an existing network",
      }),
      ...(subnet.isPublic ? sizeIssues(subnet) : []),
      ...overlapIssues(subnet, subnets.slice(0, index)),
    ]),
    ...schedulerAddressIssues(cluster),
  ];
};

/**
 * Checks what a definition says about a VPC that is made for it. `defineCluster` cannot: it does not know whether a
 * cluster gets an existing network.
 *
 * @throws ValidationError with every issue
 */
export function checkOwnVpc(cluster: ResolvedCluster): void {
  const issues = ownVpc(cluster);
  if (issues.length > 0) throw new ValidationError(cluster.name, issues);
}
