import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { nodeBlocks } from "../../config/subnets";
import { resourceName } from "../../node/names";
import type { ClusterNetwork } from "./cluster-network";

/**
 * AWS services that the instances or Session Manager call, by their names in the endpoints'. Without `ec2messages`: newer
 * regions lack it, and the SSM agent needs it for Run Command only, up to version 3.3.40 (AWS Systems Manager User
 * Guide, "Reference: ec2messages, ssmmessages, and other API operations"). `dask-cluster` uses Run
 * Command on nodes, which needs a later agent here. Image builders use it too, but a cluster that bakes images has a NAT
 * gateway.
 */
const SERVICES = ["autoscaling", "ec2", "kms", "logs", "secretsmanager", "ssm", "ssmmessages"] as const;

/** Services that this cluster calls. */
function servicesOf({ autoscaling, monitoring, region }: ResolvedCluster): readonly string[] {
  const remote = monitoring?.remoteWrite;
  return [
    ...SERVICES,
    ...(autoscaling?.deadManSwitch ? ["monitoring"] : []),
    ...(monitoring ? ["sns"] : []),
    ...(remote && "workspaceId" in remote && remote.region === region ? ["aps-workspaces"] : []),
  ];
}

/** Cluster and network of the endpoints. */
export interface EndpointsProps {
  /** Cluster whose instances call AWS. */
  readonly cluster: ResolvedCluster;
  /** Network of the instances; each endpoint has an address in each of its private subnets. */
  readonly network: ClusterNetwork;
  /**
   * Reservation of the scheduler's address: the endpoints get other addresses of the same subnet.
   *
   * @default - none: in an existing network, its owner keeps the address free
   */
  readonly reservation?: ITerraformDependable;
}

/**
 * Interface endpoints of AWS services, with private DNS: instances reach the services without NAT gateway under their usual
 * names. AWS bills each endpoint by the hour in each zone.
 */
export class Endpoints extends Construct {
  /** All endpoints and their ingress rules. Instances depend on them. */
  readonly dependencies: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, network, reservation }: EndpointsProps) {
    super(scope, id);
    const name = resourceName(cluster, "endpoints");
    const group = new SecurityGroup(this, "group", {
      name,
      description: `endpoints of AWS for the Dask cluster ${cluster.name}`,
      vpcId: network.vpcId,
      tags: { Name: name },
    });
    const rules = nodeBlocks(cluster.network).map(
      (cidrIpv4, index) =>
        new VpcSecurityGroupIngressRule(this, index === 0 ? "from-the-vpc" : `from-${cidrIpv4}`, {
          securityGroupId: group.id,
          description: "nodes: https",
          cidrIpv4,
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
        }),
    );
    const endpoints = servicesOf(cluster).map(
      (service) =>
        new VpcEndpoint(this, service, {
          vpcId: network.vpcId,
          vpcEndpointType: "Interface",
          serviceName: `com.amazonaws.${cluster.region}.${service}`,
          privateDnsEnabled: true,
          subnetIds: [...network.privateSubnetIds],
          securityGroupIds: [group.id],
          ...(reservation && { dependsOn: [reservation] }),
          tags: { Name: resourceName(cluster, service) },
        }),
    );
    this.dependencies = [...rules, ...endpoints];
  }
}
