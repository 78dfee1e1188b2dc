import type { ExistingNetworkDefinition, SchedulerDefinition } from "./definition";
import type { ExistingNetwork, Network } from "./resolved-cluster";

/**
 * Returns the network of a definition with an existing VPC. Without internet access it has the settings of a new VPC without
 * NAT gateway, so that the same rules apply: images contain all packages, and nodes reach endpoints only.
 *
 * @param vpcCidr block that the network has instead of its own, which is not known at synth
 */
export function resolveExistingNetwork(definition: ExistingNetworkDefinition, vpcCidr: string): Network {
  const { adminSubnets, vpcId, hostedZone, internetAccess = true } = definition;
  return {
    adminSubnets: [...adminSubnets],
    vpcCidr,
    zones: [],
    nat: internetAccess ? "single" : "none",
    endpoints: !internetAccess,
    existing: {
      vpcId,
      // Undefined in a definition that `checkShape` rejects.
      privateSubnetIds: [...(definition.privateSubnetIds ?? [])],
      ...(hostedZone === undefined
        ? {}
        : { hostedZone: hostedZone === false ? hostedZone : { ...hostedZone } }),
    },
  };
}

/** Returns where the scheduler is in an existing network: its subnet, and its address if that is fixed. */
export function placeInExisting(
  { subnetId }: SchedulerDefinition,
  { privateSubnetIds }: ExistingNetwork,
  address: string | undefined,
): { readonly subnetId: string; readonly privateAddress?: string } {
  return {
    subnetId: subnetId ?? privateSubnetIds[0] ?? "",
    ...(address === undefined ? {} : { privateAddress: address }),
  };
}

/**
 * Returns the name by which nodes and clients reach the scheduler: `scheduler.<cluster>` in the hosted zone, or the address
 * of a scheduler without a name.
 */
export function schedulerHostname(cluster: string, { existing }: Network, privateAddress?: string): string {
  if (existing?.hostedZone === false) return privateAddress ?? "";
  return `scheduler.${cluster}.${existing?.hostedZone?.name ?? "internal"}`;
}
