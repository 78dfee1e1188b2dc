import type { Cluster } from "../cluster";
import { DefinitionError, type Fault } from "../faults";
import { faultIf } from "./rule";

/** The part of an existing network that a definition has to fit. */
export interface ExistingNetwork {
  /** Private subnets, in the order of the definition's zones. */
  readonly privateSubnetIds: readonly string[];
}

/**
 * Checks what a definition and an existing network say together. `defineCluster` cannot: it does not know whether a cluster
 * gets an existing network.
 *
 * @throws DefinitionError with every fault
 */
export function checkExistingNetwork(cluster: Cluster, network: ExistingNetwork): void {
  const faults = [
    ...subnetFaults(cluster, network),
    ...addressFaults(cluster, network),
    ...vpcBlockFaults(cluster),
  ];
  if (faults.length > 0) throw new DefinitionError(cluster.name, faults);
}

/** Each zone has a private subnet. */
function subnetFaults({ network: { zones } }: Cluster, { privateSubnetIds }: ExistingNetwork) {
  const at = { path: "network.privateSubnetIds", value: privateSubnetIds };
  return [
    ...faultIf(privateSubnetIds.length !== zones.length, {
      ...at,
      allowed: `${zones.length}, one per zone of the definition`,
      remedy: "name the private subnets in the order of network.zones",
    }),
    ...faultIf(new Set(privateSubnetIds).size < privateSubnetIds.length, {
      ...at,
      allowed: "a different subnet for each zone",
      remedy: "name the private subnet of each zone",
    }),
  ];
}

/** The scheduler's address is known: user data and certificates contain it. */
function addressFaults(
  { network: { zones }, scheduler, addressDefaults }: Cluster,
  { privateSubnetIds }: ExistingNetwork,
): readonly Fault[] {
  const subnet = privateSubnetIds[zones.findIndex(({ name }) => name === scheduler.zone)];
  return faultIf(addressDefaults.includes("scheduler.privateAddress"), {
    path: "scheduler.privateAddress",
    value: undefined,
    allowed: `an address of the subnet ${subnet ?? "of the scheduler"}: in an existing network it has no default`,
    remedy: "set scheduler.privateAddress to an address of the subnet that is not in use",
  });
}

/** Without NAT, the block of the VPC is known: security groups let instances out to it, and to nothing else. */
function vpcBlockFaults({ network: { nat }, addressDefaults }: Cluster): readonly Fault[] {
  return faultIf(nat === "none" && addressDefaults.includes("network.vpcCidr"), {
    path: "network.vpcCidr",
    value: undefined,
    allowed: 'the block of the existing VPC: with nat "none", nodes reach endpoints in this block only',
    remedy: "set network.vpcCidr to the block of the VPC",
  });
}
