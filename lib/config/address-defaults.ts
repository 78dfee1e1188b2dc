import type { ClusterDefinition, ZoneDefinition } from "./definition";

/** Path of a block or an address that has a default. */
export type AddressPath = "network.vpcCidr" | "scheduler.subnet" | "scheduler.privateAddress";

/**
 * Returns the blocks and addresses that a definition does not set: the block of the VPC, the private subnet of the
 * scheduler's zone, and the scheduler's address, whose default is an address of that subnet. The defaults are valid only
 * in a VPC that is created for the cluster.
 *
 * @param zone name of the scheduler's zone; undefined with `network.vpcId`
 */
export function addressDefaults(
  { network: { vpcCidr, zones = [], vpcId }, scheduler }: ClusterDefinition,
  zone: string | undefined,
): readonly AddressPath[] {
  const subnet = zones.filter((one): one is ZoneDefinition => typeof one === "object" && one.name === zone)[0]
    ?.privateSubnet;
  return [
    ...(vpcCidr === undefined ? (["network.vpcCidr"] as const) : []),
    ...(subnet === undefined ? (["scheduler.subnet"] as const) : []),
    ...(subnet === undefined && scheduler?.privateAddress === undefined && vpcId === undefined
      ? (["scheduler.privateAddress"] as const)
      : []),
  ];
}
