/** Network of a cluster. Blocks and addresses are IPv4, as four decimal parts without leading zeros. */
export interface NetworkDefinition {
  /**
   * CIDR blocks that reach the scheduler and the dashboard, if the cluster uses TLS, and port 22, if `ssh` is set. Together
   * they may have at most as many public addresses as a /4. Blocks may overlap.
   */
  readonly adminSubnets: readonly string[];
  /**
   * Block of the VPC, from /16 to /28; from /16 to /22 if a subnet is derived from it. With an existing network, its
   * primary block, required with `nat: "none"`; subnets may then lie outside of it, in secondary blocks.
   *
   * @default "10.20.0.0/16"
   */
  readonly vpcCidr?: string;
  /**
   * Availability zones, by name or with their subnets. They can be added, removed and reordered; only the scheduler is tied
   * to one of them (`scheduler.zone`).
   *
   * @default - zones a and b of a region where every account has both; required in other regions
   */
  readonly zones?: readonly (string | ZoneDefinition)[];
  /**
   * NAT gateways:
   *
   * - `single`: one for all zones;
   * - `per-zone`: one in each zone, so that nodes keep internet access if another zone fails;
   * - `none`: no internet access. Requires `endpoints` and images that contain all that nodes install.
   *
   * @default "single"
   */
  readonly nat?: "single" | "per-zone" | "none";
  /**
   * Whether nodes reach AWS services through interface endpoints in the VPC instead of over the internet. Not supported in
   * China.
   *
   * @default false
   */
  readonly endpoints?: boolean;
}

/** Availability zone with its subnets. */
export interface ZoneDefinition {
  /** Name of the zone, such as `us-west-2a`. */
  readonly name: string;
  /**
   * Block of the instances.
   *
   * @default - an eighth of the VPC: the first for zone a, the second for zone b, and so on to zone g
   */
  readonly privateSubnet?: string;
  /**
   * Block of the NAT gateway. Not used with an existing network.
   *
   * @default - an eighth of the VPC's last eighth: the first for zone a, the second for zone b, and so on to zone g
   */
  readonly publicSubnet?: string;
}
