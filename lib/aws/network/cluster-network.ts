import type { ITerraformDependable } from "cdktf";
import type { ResolvedCluster } from "../../config/resolved-cluster";

/**
 * Network of a cluster's instances: the new VPC of `DaskCluster`, or an object with the ids of an existing VPC and its
 * subnets. With an existing network, the definition has
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
}

/** Returns the id of the private subnet of the scheduler's zone. */
export function schedulerSubnetId(
  { network: { zones }, scheduler }: ResolvedCluster,
  { privateSubnetIds }: Pick<ClusterNetwork, "privateSubnetIds">,
): string {
  // `schedulerZone` and `checkExistingNetwork` have checked that it exists.
  return privateSubnetIds[zones.findIndex(({ name }) => name === scheduler.zone)] as string;
}
