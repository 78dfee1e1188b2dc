import { contains, prefixOf, subnetOf } from "./cidr";
import type { ZoneDefinition } from "./definition";
import { zoneIndex } from "./regions";
import type { Network, Zone } from "./resolved-cluster";

/**
 * Longest prefix of a VPC from which subnets are derived: its public subnets are then /28, the smallest that AWS
 * allows.
 */
export const MAX_DERIVED_PREFIX = 22;

/** Bits that cut a block into eighths, and the index of the last eighth, which has the public subnets of all zones. */
const [EIGHTH_BITS, LAST_EIGHTH] = [3, 7];

/**
 * Returns a zone with its subnets, given or derived from the VPC. A derived block depends only on the letter of the
 * zone, so adding, removing and reordering zones changes no other block.
 *
 * A private subnet that cannot be derived is an empty text; the rule `derivedSubnets` reports it.
 */
export function zoneWithSubnets({ name, ...given }: ZoneDefinition, vpcCidr: string): Zone {
  const index = zoneIndex(name);
  const derivable = prefixOf(vpcCidr) <= MAX_DERIVED_PREFIX && index < LAST_EIGHTH;
  const privateSubnet = derivable ? subnetOf(vpcCidr, EIGHTH_BITS, index) : "";
  const publicSubnet =
    given.publicSubnet ??
    (derivable ? subnetOf(subnetOf(vpcCidr, EIGHTH_BITS, LAST_EIGHTH), EIGHTH_BITS, index) : undefined);
  return {
    name,
    privateSubnet: given.privateSubnet ?? privateSubnet,
    ...(publicSubnet === undefined ? {} : { publicSubnet }),
  };
}

/**
 * Returns the blocks with the addresses of a cluster's nodes: the block of the VPC, and private subnets outside of it, in
 * secondary blocks of an existing VPC.
 */
export function nodeBlocks({ vpcCidr, zones }: Network): readonly string[] {
  return [
    vpcCidr,
    ...zones.map(({ privateSubnet }) => privateSubnet).filter((subnet) => !contains(vpcCidr, subnet)),
  ];
}
