import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Cluster } from "../../cluster/cluster";
import { machineBlocks } from "../../cluster/subnets";
import { resourceName } from "../../node/names";
import type { ClusterNetwork } from "./cluster-network";

/** Every service of AWS that machines or Session Manager call, by its name in the endpoint's. */
const SERVICES = [
  "autoscaling",
  "ec2",
  "ec2messages",
  "kms",
  "logs",
  "secretsmanager",
  "ssm",
  "ssmmessages",
] as const;

/** Properties of `Endpoints`. */
export interface EndpointsProps {
  /** Cluster whose machines call AWS. */
  readonly cluster: Cluster;
  /** Network of the machines; each of its private subnets has its own way to each service. */
  readonly network: ClusterNetwork;
}

/**
 * The services of AWS inside a network, under the names that they have outside: machines reach them without a NAT
 * gateway. AWS bills each by the hour in each zone.
 */
export class Endpoints extends Construct {
  /** Every endpoint, and the rules that open them: a machine without another way out waits for them. */
  readonly endpoints: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, network }: EndpointsProps) {
    super(scope, id);
    const name = resourceName(cluster, "endpoints");
    const group = new SecurityGroup(this, "group", {
      name,
      description: `endpoints of AWS for the Dask cluster ${cluster.name}`,
      vpcId: network.vpcId,
      tags: { Name: name },
    });
    const rules = machineBlocks(cluster.network).map(
      (cidrIpv4, index) =>
        new VpcSecurityGroupIngressRule(this, index === 0 ? "from-the-vpc" : `from-${cidrIpv4}`, {
          securityGroupId: group.id,
          description: "machines: https",
          cidrIpv4,
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
        }),
    );
    const endpoints = SERVICES.map(
      (service) =>
        new VpcEndpoint(this, service, {
          vpcId: network.vpcId,
          vpcEndpointType: "Interface",
          serviceName: `com.amazonaws.${cluster.region}.${service}`,
          privateDnsEnabled: true,
          subnetIds: [...network.privateSubnetIds],
          securityGroupIds: [group.id],
          tags: { Name: resourceName(cluster, service) },
        }),
    );
    this.endpoints = [...rules, ...endpoints];
  }
}
