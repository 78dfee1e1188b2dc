import { contains, prefixOf, subnetOf } from "./cidr";
import type { ZoneDefinition } from "./definition";
import { zoneIndex } from "./regions";
import type { Network, Zone } from "./resolved-cluster";

/** Smallest VPC that subnets are derived from: its public subnets are /28, the smallest that AWS has. */
export const SMALLEST_DERIVED_PREFIX = 22;

/** A zone's eighth of the VPC, and its eighth of the last eighth; so zone h would have no private subnet. */
const [EIGHTH_BITS, LAST_EIGHTH] = [3, 7];

/**
 * A zone with its subnets, given or derived from the VPC. A derived block depends on the zone's letter and not on its
 * place in the definition, so that adding, removing and reordering zones moves no block.
 *
 * A private subnet that cannot be derived is empty; the rule `derivedSubnets` reports it.
 */
export function zoneWithSubnets({ name, ...given }: ZoneDefinition, vpcCidr: string): Zone {
  const index = zoneIndex(name);
  const derivable = prefixOf(vpcCidr) <= SMALLEST_DERIVED_PREFIX && index < LAST_EIGHTH;
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
 * Blocks that the machines of a cluster have addresses in: the VPC's, and private subnets outside of it, in secondary
 * blocks of an existing VPC.
 */
export function nodeBlocks({ vpcCidr, zones }: Network): readonly string[] {
  return [
    vpcCidr,
    ...zones.map(({ privateSubnet }) => privateSubnet).filter((subnet) => !contains(vpcCidr, subnet)),
  ];
}
