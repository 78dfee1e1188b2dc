import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster, Zone } from "../../config/resolved-cluster";
import { checkOwnVpc } from "../../config/rules/vpc";
import { resourceName } from "../../node/names";
import { AddressReservation } from "./address-reservation";
import type { ClusterNetwork } from "./cluster-network";
import { Endpoints } from "./endpoints";

const INTERNET = "0.0.0.0/0";

/**
 * Timeout for the deletion of the subnet of a removed zone, which waits until the group has replaced its instances
 * there, half of them at a time. The default of the provider is 20 minutes.
 */
const SUBNET_DELETE_TIMEOUT = "90m";

/** Blocks, zones and NAT gateways of a `Network`. */
export interface NetworkProps {
  /** Cluster with the definition of the network. */
  readonly cluster: ResolvedCluster;
}

/**
 * VPC of a cluster: in each zone a private subnet for the instances and a public one for a NAT gateway; without NAT, no
 * public subnets and no internet access. S3 has a gateway endpoint, which is free and reduces the traffic of the NAT
 * gateway; with `endpoints`, other AWS services have interface endpoints.
 *
 * The order of the zones has no effect, because ids contain their names. A single NAT gateway is in the zone whose name is
 * first in the alphabet.
 *
 * @throws ValidationError if the definition's subnets do not fit into the VPC
 */
export class Network extends Construct implements ClusterNetwork {
  readonly vpcId: string;
  readonly privateSubnetIds: readonly string[];
  readonly internetConnectivityEstablished: readonly ITerraformDependable[];
  /** Ids of the route tables of the private subnets, in the order of the zones. */
  readonly privateRouteTableIds: readonly string[];

  private readonly cluster: ResolvedCluster;

  constructor(scope: Construct, id: string, { cluster }: NetworkProps) {
    super(scope, id);
    checkOwnVpc(cluster);
    this.cluster = cluster;

    const vpc = new Vpc(this, "Resource", {
      cidrBlock: cluster.network.vpcCidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: this.named("vpc"),
    });
    this.vpcId = vpc.id;
    // Without rules, the default security group of the VPC allows no traffic.
    new DefaultSecurityGroup(this, "default-security-group", {
      vpcId: this.vpcId,
      tags: this.named("default-closed"),
    });

    const internet = cluster.network.nat === "none" ? undefined : this.internet();
    const subnets = new Map<string, Subnet>();
    const routeTables = new Map<string, RouteTable>();
    const internetConnectivityEstablished: ITerraformDependable[] = [];
    let nat: NatGateway | undefined;
    for (const zone of byName(cluster.network.zones)) {
      const at = new Construct(this, zone.name);
      if (internet) {
        const { subnet } = this.subnet(at, zone, "public", internet.routes);
        if (nat === undefined || cluster.network.nat === "per-zone")
          nat = this.natGateway(at, zone, subnet, internet.route);
      }
      const routeTable = new RouteTable(at, "private-routes", {
        vpcId: this.vpcId,
        tags: this.named(`private-${zone.name}`),
      });
      const { subnet, association } = this.subnet(at, zone, "private", routeTable);
      subnets.set(zone.name, subnet);
      routeTables.set(zone.name, routeTable);
      internetConnectivityEstablished.push(association);
      if (nat)
        internetConnectivityEstablished.push(
          new Route(at, "to-nat", {
            routeTableId: routeTable.id,
            destinationCidrBlock: INTERNET,
            natGatewayId: nat.id,
          }),
        );
    }
    const inOrder = (things: ReadonlyMap<string, Subnet | RouteTable>) =>
      cluster.network.zones.flatMap(({ name }) => things.get(name)?.id ?? []);
    this.privateSubnetIds = inOrder(subnets);
    this.privateRouteTableIds = inOrder(routeTables);
    const { reservation } = new AddressReservation(this, "scheduler-address", { cluster, network: this });
    const endpoints = cluster.network.endpoints
      ? new Endpoints(this, "endpoints", { cluster, network: this, reservation }).dependencies
      : [];
    // Nodes download their bundles from S3.
    const s3 = new VpcEndpoint(this, "s3", {
      vpcId: this.vpcId,
      vpcEndpointType: "Gateway",
      serviceName: `com.amazonaws.${cluster.region}.s3`,
      routeTableIds: [...routeTables.values()].map(({ id }) => id),
      tags: this.named("s3"),
    });
    this.internetConnectivityEstablished = [
      reservation,
      ...internetConnectivityEstablished,
      ...endpoints,
      s3,
    ];
  }

  /** Creates the internet gateway and the route table of the public subnets. */
  private internet() {
    const gateway = new InternetGateway(this, "internet-gateway", {
      vpcId: this.vpcId,
      tags: this.named("internet"),
    });
    const routes = new RouteTable(this, "public-routes", {
      vpcId: this.vpcId,
      tags: this.named("public"),
    });
    const route = new Route(this, "to-internet", {
      routeTableId: routes.id,
      destinationCidrBlock: INTERNET,
      gatewayId: gateway.id,
    });
    return { routes, route };
  }

  private subnet(at: Construct, zone: Zone, kind: "public" | "private", routes: RouteTable) {
    const subnet = new Subnet(at, `${kind}-subnet`, {
      vpcId: this.vpcId,
      availabilityZone: zone.name,
      // `checkOwnVpc` has checked that there is one.
      cidrBlock: zone[`${kind}Subnet`] as string,
      mapPublicIpOnLaunch: false,
      tags: this.named(`${kind}-${zone.name}`),
      // With `createBeforeDestroy`, Terraform destroys the subnet of a removed zone after it has updated the groups, whose
      // instances are in it until then.
      ...(kind === "private" && {
        lifecycle: { createBeforeDestroy: true },
        timeouts: { delete: SUBNET_DELETE_TIMEOUT },
      }),
    });
    const association = new RouteTableAssociation(at, `${kind}-association`, {
      subnetId: subnet.id,
      routeTableId: routes.id,
    });
    return { subnet, association };
  }

  private natGateway(at: Construct, zone: Zone, subnet: Subnet, toInternet: Route): NatGateway {
    const tags = this.named(`nat-${zone.name}`);
    const address = new Eip(at, "nat-address", { domain: "vpc", tags });
    return new NatGateway(at, "nat", {
      allocationId: address.id,
      subnetId: subnet.id,
      tags,
      dependsOn: [toInternet],
    });
  }

  private named(what: string) {
    return { Name: resourceName(this.cluster, what) };
  }
}

/** Returns the zones sorted by name. */
function byName(zones: readonly Zone[]): readonly Zone[] {
  return [...zones].sort((one, other) => (one.name < other.name ? -1 : 1));
}
