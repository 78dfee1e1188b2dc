/** The network of a cluster. Blocks and addresses are IPv4, as four decimal parts without leading zeros. */
export interface NetworkDefinition {
  /**
   * Blocks whose machines may reach the scheduler and the dashboard: together at most a /4 of the Internet's addresses.
   * A block may be part of another one.
   */
  readonly adminSubnets: readonly string[];
  /**
   * Block of the VPC, from /16 to /28; from /16 to /22 where a subnet is derived from it. With an existing network, its
   * primary block, required with `nat: "none"`; subnets may then lie outside of it, in secondary blocks.
   *
   * @default "10.20.0.0/16"
   */
  readonly vpcCidr?: string;
  /**
   * Availability zones, by name or with their subnets. They can be added, removed and reordered. Only the scheduler belongs to
   * one of them (`scheduler.zone`).
   *
   * @default - zones a and b of a region where every account has both; required in other regions
   */
  readonly zones?: readonly (string | ZoneDefinition)[];
  /**
   * One NAT gateway, or one per zone so that a zone's loss leaves the others their way out, or none: then machines
   * reach nothing outside, and need `endpoints` and images that hold all they would install.
   *
   * @default "single"
   */
  readonly nat?: "single" | "per-zone" | "none";
  /**
   * Whether machines reach the services of AWS by endpoints inside the VPC instead of over the Internet. Not supported in
   * China.
   *
   * @default false
   */
  readonly endpoints?: boolean;
}

/** An availability zone with its subnets. */
export interface ZoneDefinition {
  /** Name of the zone, such as `us-west-2a`. */
  readonly name: string;
  /**
   * Block of the machines.
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
