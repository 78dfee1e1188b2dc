import type { ITerraformDependable } from "cdktf";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";

/**
 * Network of a cluster's instances: the new VPC of `DaskCluster`, the existing one of the definition, or an object with the
 * ids of a VPC and its subnets, for a VPC that is created in the same stack. With such an object, the definition has
 *
 * - `network.zones`: the zones of the subnets;
 * - `scheduler.privateAddress`: an address in the subnet of the scheduler's zone. Certificates contain it, so it is fixed
 *   before a deployment. It has a default if the zone has its `privateSubnet` in the definition;
 * - `network.vpcCidr`: only with `nat: "none"`.
 *
 * The owner of the network
 *
 * - keeps the scheduler's address free, for example by a subnet CIDR reservation of the type `explicit`;
 * - with `nat: "none"`, provides endpoints for the AWS services, and a gateway endpoint for S3, from which the nodes
 *   download their bundles and to which the scheduler sends the signal that it is ready.
 *
 * @example
 * const cluster = defineCluster({
 *   name: "research",
 *   region: "eu-central-1",
 *   network: { adminSubnets: ["10.8.0.0/16"], zones: ["eu-central-1a", "eu-central-1b"] },
 *   scheduler: { privateAddress: "10.60.1.10" },
 * });
 * const network = { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"] };
 * new DaskCluster(stack, "dask", { cluster, network });
 */
export interface ClusterNetwork {
  /** Id of a VPC with DNS support and DNS host names, which the private hosted zone requires. */
  readonly vpcId: string;
  /** Ids of one private subnet per zone, in the order of the definition's zones. */
  readonly privateSubnetIds: readonly string[];
  /**
   * Ids of the route tables of the private subnets, for outputs and for routes to the network of administrators.
   *
   * @default - none
   */
  readonly privateRouteTableIds?: readonly string[];
  /**
   * Resources that have to exist before instances can download packages and call AWS.
   *
   * @default - none: the network already has internet access or endpoints
   */
  readonly internetConnectivityEstablished?: readonly ITerraformDependable[];
  /**
   * Blocks of the VPC, to which nodes without internet access may connect.
   *
   * @default - those of the definition
   */
  readonly vpcBlocks?: readonly string[];
}

/** Returns the id of the scheduler's subnet: that of the definition, or the private subnet of its zone. */
export function schedulerSubnetId(
  { network: { zones }, scheduler }: ResolvedCluster,
  { privateSubnetIds }: Pick<ClusterNetwork, "privateSubnetIds">,
): string {
  if (scheduler.subnetId !== undefined) return scheduler.subnetId;
  // `schedulerZone` and `checkExistingNetwork` have checked that it exists.
  return privateSubnetIds[zones.findIndex(({ name }) => name === scheduler.zone)] as string;
}

/** Returns the ids of the subnets of a pool: those of the definition, those of its zones, or all. */
export function poolSubnetIds(
  { network: { zones } }: ResolvedCluster,
  { privateSubnetIds }: Pick<ClusterNetwork, "privateSubnetIds">,
  pool: Pool,
): readonly string[] {
  if (pool.subnetIds) return pool.subnetIds;
  const names = pool.zones ?? zones.map(({ name }) => name);
  return zones.length === 0
    ? privateSubnetIds
    : privateSubnetIds.filter((_, index) => names.includes(zones[index]?.name ?? ""));
}
