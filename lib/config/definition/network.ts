/** Network of a cluster: a new VPC, or an existing one. */
export type NetworkDefinition = NewNetworkDefinition | ExistingNetworkDefinition;

/** Properties of both kinds of networks. Blocks and addresses are IPv4, as four decimal parts without leading zeros. */
export interface CommonNetworkDefinition {
  /**
   * CIDR blocks that reach the scheduler and the dashboard, if the cluster uses TLS, and port 22, if `ssh` is set. Together
   * they may have at most as many public addresses as a /4. Blocks may overlap.
   */
  readonly adminSubnets: readonly string[];
}

/** A VPC that is created for the cluster, or the existing network in the props of `DaskCluster`. */
export interface NewNetworkDefinition extends CommonNetworkDefinition {
  /**
   * Block of the VPC, from /16 to /28; from /16 to /22 if a subnet is derived from it. With the network in the props of
   * `DaskCluster`, its primary block, required with `nat: "none"`; subnets may then lie outside of it, in secondary blocks.
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
   * NAT gateways. `single`: one for all zones. `per-zone`: one in each zone, so that nodes keep internet access if another zone
   * fails. `none`: no internet access; requires `endpoints` and images that contain all that nodes install.
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

  // Properties of the other kind.
  readonly vpcId?: never;
  readonly privateSubnetIds?: never;
  readonly schedulerAddress?: never;
  readonly hostedZone?: never;
  readonly internetAccess?: never;
}

/**
 * An existing VPC. Its owner manages subnets, routes, NAT gateways, endpoints and flow logs. Zones and blocks of the subnets
 * are read from AWS.
 */
export interface ExistingNetworkDefinition extends CommonNetworkDefinition {
  /** Id of the VPC. */
  readonly vpcId: string;
  /**
   * Ids of private subnets of the VPC; several may be in one zone. The scheduler is in the first one by default
   * (`scheduler.subnetId`), and the nodes of each pool in all of them (`subnetIds` of the pool).
   */
  readonly privateSubnetIds: readonly string[];
  /**
   * Fixed address of the scheduler: an address of its subnet that is not in use. Another address replaces the scheduler.
   *
   * @default - EC2 chooses the address of each new scheduler, and its DNS name points to it
   */
  readonly schedulerAddress?: string;
  /**
   * Hosted zone of the scheduler's DNS name `scheduler.<cluster>.<zone>`, which the VPC already resolves. With `false`,
   * nodes and clients use the scheduler's address instead of a name, so `schedulerAddress` is required. A VPC that another
   * account shares needs one of the two.
   *
   * @default - a private hosted zone `<cluster>.internal`, which is created for the cluster
   */
  readonly hostedZone?: HostedZoneDefinition | false;
  /**
   * Whether the subnets have a route to the internet. Without one, nodes reach AWS services through endpoints of the VPC, and
   * need images that contain all that they install.
   *
   * @default true
   */
  readonly internetAccess?: boolean;

  // Properties of the other kind.
  readonly vpcCidr?: never;
  readonly zones?: never;
  readonly nat?: never;
  readonly endpoints?: never;
}

/** Existing hosted zone of Route 53, private or public. */
export interface HostedZoneDefinition {
  /** Id, such as `Z0123456789ABCDEFGHIJ`. */
  readonly id: string;
  /** Name without a dot at the end, such as `dask.example.internal`. */
  readonly name: string;
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
