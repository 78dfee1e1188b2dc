import { contains } from "../cidr";
import type { ResolvedCluster } from "../resolved-cluster";
import { MAX_DERIVED_PREFIX } from "../subnets";
import { ValidationError, type ValidationIssue } from "../validation-error";
import { overlapIssues, schedulerAddressIssues, sizeIssues } from "./addresses";
import { issueIf, type Rule } from "./rule";

/**
 * Subnets of a VPC that is created for the cluster are in its block, do not overlap, and contain the scheduler's
 * address.
 */
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
        expected: `a block for the NAT gateway: it is derived only from a VPC of /16 to /${MAX_DERIVED_PREFIX}, for zones a to g`,
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
 * Checks a definition that is deployed to a VPC of its own. `defineCluster` cannot check this, because it does not know
 * whether the cluster uses an existing network.
 *
 * @throws ValidationError with every issue
 */
export function checkOwnVpc(cluster: ResolvedCluster): void {
  const issues = ownVpc(cluster);
  if (issues.length > 0) throw new ValidationError(cluster.name, issues);
}

/** Fields of an existing network on which the validity of a definition depends. */
export interface ExistingNetwork {
  /** Private subnets, in the order of the definition's zones. */
  readonly privateSubnetIds: readonly string[];
}

/**
 * Checks a definition that is deployed to an existing network. `defineCluster` cannot check this, because it does not know
 * the network.
 *
 * @throws ValidationError with every issue
 */
export function checkExistingNetwork(cluster: ResolvedCluster, network: ExistingNetwork): void {
  const { existing } = cluster.network;
  const issues = existing
    ? [
        {
          path: "network.vpcId",
          value: existing.vpcId,
          expected: "nothing with the network in the props of DaskCluster",
          hint: "name the existing network in one of the two places",
        },
      ]
    : [...subnetIssues(cluster, network), ...addressIssues(cluster, network), ...vpcBlockIssues(cluster)];
  if (issues.length > 0) throw new ValidationError(cluster.name, issues);
}

/** Each zone has one private subnet. */
function subnetIssues({ network: { zones } }: ResolvedCluster, { privateSubnetIds }: ExistingNetwork) {
  const at = { path: "network.privateSubnetIds", value: privateSubnetIds };
  return [
    ...issueIf(privateSubnetIds.length !== zones.length, {
      ...at,
      expected: `${zones.length}, one per zone of the definition`,
      hint: "name the private subnets in the order of network.zones",
    }),
    ...issueIf(new Set(privateSubnetIds).size < privateSubnetIds.length, {
      ...at,
      expected: "a different subnet for each zone",
      hint: "name the private subnet of each zone",
    }),
  ];
}

/** The definition has the scheduler's address, because certificates contain it. */
function addressIssues(
  { network: { zones }, scheduler, addressDefaults }: ResolvedCluster,
  { privateSubnetIds }: ExistingNetwork,
): readonly ValidationIssue[] {
  const subnet = privateSubnetIds[zones.findIndex(({ name }) => name === scheduler.zone)];
  return issueIf(addressDefaults.includes("scheduler.privateAddress"), {
    path: "scheduler.privateAddress",
    value: undefined,
    expected: `an address of the subnet ${subnet ?? "of the scheduler"}: in an existing network it has no default`,
    hint: "set scheduler.privateAddress to an address of the subnet that is not in use",
  });
}

/** Without NAT, the definition has the block of the VPC: security groups allow egress to it only. */
function vpcBlockIssues({ network: { nat }, addressDefaults }: ResolvedCluster): readonly ValidationIssue[] {
  return issueIf(nat === "none" && addressDefaults.includes("network.vpcCidr"), {
    path: "network.vpcCidr",
    value: undefined,
    expected: 'the block of the existing VPC: with nat "none", nodes reach endpoints in this block only',
    hint: "set network.vpcCidr to the block of the VPC",
  });
}
