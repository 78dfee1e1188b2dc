import type { ITerraformDependable } from "cdktf";

/**
 * Where the machines of a cluster live. A `Network` is one; so is an object that names an existing VPC, whose
 * blocks the definition then repeats in `network.vpcCidr` and `network.zones`.
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
