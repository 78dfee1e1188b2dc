import type { ITerraformDependable } from "cdktf";

/**
 * Network of the machines of a cluster: a `Network`, or an object that names an existing VPC. The definition then repeats
 * the VPC's primary block in `network.vpcCidr` and the blocks of its private subnets in `network.zones`; these may lie in
 * secondary blocks. Public subnets are not used.
 */
export interface ClusterNetwork {
  /** VPC with DNS support and DNS host names, which its private zone needs. */
  readonly vpcId: string;
  /** One private subnet per zone, in the order of the definition's zones. The scheduler lives in the first. */
  readonly privateSubnetIds: readonly string[];
  /**
   * What has to exist before a machine can fetch its packages and call AWS.
   *
   * @default - nothing: the way out is there already
   */
  readonly wayOut?: readonly ITerraformDependable[];
}
