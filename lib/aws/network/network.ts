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
import type { Cluster, Zone } from "../../cluster/cluster";
import { checkOwnVpc } from "../../cluster/rules/own-vpc";
import { resourceName } from "../../node/names";
import type { ClusterNetwork } from "./cluster-network";
import { Endpoints } from "./endpoints";

const INTERNET = "0.0.0.0/0";

/** Properties of a `Network`. */
export interface NetworkProps {
  /** Cluster whose definition says which blocks, zones and NAT gateways there are. */
  readonly cluster: Cluster;
}

/**
 * A VPC of the cluster's own: in each zone a private subnet for the machines and a public one for a NAT gateway, or
 * where the definition wants none, no way out at all. S3 is reached through a gateway endpoint, which costs nothing and
 * spares the NAT gateway; the other services of AWS through endpoints, where the definition says so.
 *
 * @throws DefinitionError if the definition's subnets do not fit into the VPC
 */
export class Network extends Construct implements ClusterNetwork {
  readonly vpcId: string;
  readonly privateSubnetIds: readonly string[];
  readonly wayOut: readonly ITerraformDependable[];

  private readonly cluster: Cluster;

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
    // Taken over without a rule, the group that AWS opens in every VPC is closed.
    new DefaultSecurityGroup(this, "default-security-group", {
      vpcId: this.vpcId,
      tags: this.named("default-closed"),
    });

    const internet = cluster.network.nat === "none" ? undefined : this.internet();
    const subnets: Subnet[] = [];
    const routeTables: RouteTable[] = [];
    const routes: Route[] = [];
    let nat: NatGateway | undefined;
    for (const zone of cluster.network.zones) {
      const at = new Construct(this, zone.name);
      if (internet) {
        const publicSubnet = this.subnet(at, zone, "public", internet.routes);
        if (nat === undefined || cluster.network.nat === "per-zone")
          nat = this.natGateway(at, zone, publicSubnet, internet.route);
      }
      const routeTable = new RouteTable(at, "private-routes", {
        vpcId: this.vpcId,
        tags: this.named(`private-${zone.name}`),
      });
      subnets.push(this.subnet(at, zone, "private", routeTable));
      routeTables.push(routeTable);
      if (nat)
        routes.push(
          new Route(at, "to-nat", {
            routeTableId: routeTable.id,
            destinationCidrBlock: INTERNET,
            natGatewayId: nat.id,
          }),
        );
    }
    this.privateSubnetIds = subnets.map((subnet) => subnet.id);
    const endpoints = cluster.network.endpoints
      ? new Endpoints(this, "endpoints", { cluster, network: this }).endpoints
      : [];
    this.wayOut = [...routes, ...endpoints];

    new VpcEndpoint(this, "s3", {
      vpcId: this.vpcId,
      vpcEndpointType: "Gateway",
      serviceName: `com.amazonaws.${cluster.region}.s3`,
      routeTableIds: routeTables.map((routeTable) => routeTable.id),
      tags: this.named("s3"),
    });
  }

  /** The way to the Internet, for public subnets. */
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

  private subnet(at: Construct, zone: Zone, kind: "public" | "private", routes: RouteTable): Subnet {
    const subnet = new Subnet(at, `${kind}-subnet`, {
      vpcId: this.vpcId,
      availabilityZone: zone.name,
      // `checkOwnVpc` has checked that there is one.
      cidrBlock: zone[`${kind}Subnet`] as string,
      mapPublicIpOnLaunch: false,
      tags: this.named(`${kind}-${zone.name}`),
    });
    new RouteTableAssociation(at, `${kind}-association`, { subnetId: subnet.id, routeTableId: routes.id });
    return subnet;
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
