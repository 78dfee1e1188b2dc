import { DataAwsEc2ManagedPrefixList } from "@cdktf/provider-aws/lib/data-aws-ec2-managed-prefix-list";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { type ITerraformDependable, TerraformIterator } from "cdktf";
import { Construct } from "constructs";
import { PORTS, type PortRange, workerPorts } from "../../config/ports";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { nodeBlocks } from "../../config/subnets";
import { resourceName } from "../../node/names";
import type { ClusterNetwork } from "./cluster-network";

/** A range of ports with its name, which is part of the rule's id. */
type Ports = readonly [name: string, range: PortRange];

/** All ports: those of UCX cannot be pinned. */
const ANY_PORT: Ports = ["any-port", { from: 0, to: 65535 }];

const HTTP: Ports = ["http", { from: 80, to: 80 }];
const HTTPS: Ports = ["https", { from: 443, to: 443 }];

/** Cluster and network of the security groups. */
export interface ClusterSecurityGroupsProps {
  /** Cluster whose admin subnets, release, pools and settings decide the rules. */
  readonly cluster: ResolvedCluster;
  /** Network of the instances. */
  readonly network: ClusterNetwork;
}

/**
 * Security groups of the scheduler and of the workers, and their rules.
 *
 * - with TLS, admin subnets reach the scheduler and the dashboard proxy; with `ssh`, port 22 of all nodes;
 * - scheduler and workers reach each other on the ports of Dask, by reference to their groups;
 * - nodes reach web servers to download packages; without NAT, only AWS endpoints.
 *
 * Each rule is a separate resource, so that a change of one does not replace others.
 *
 * @example
 * import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
 *
 * new VpcSecurityGroupIngressRule(stack, "database-from-workers", {
 *   securityGroupId: "sg-0123456789abcdef0",
 *   referencedSecurityGroupId: dask.securityGroups.workers.id,
 *   ipProtocol: "tcp",
 *   fromPort: 5432,
 *   toPort: 5432,
 * });
 */
export class ClusterSecurityGroups extends Construct {
  /** Group of the scheduler. */
  readonly scheduler: SecurityGroup;
  /** Group of the workers of every pool. */
  readonly workers: SecurityGroup;
  /** All rules. Instances depend on them. */
  readonly rules: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, network }: ClusterSecurityGroupsProps) {
    super(scope, id);
    const group = (name: string) =>
      new SecurityGroup(this, name, {
        name: resourceName(cluster, name),
        description: `${name} of the Dask cluster ${cluster.name}`,
        vpcId: network.vpcId,
        tags: { Name: resourceName(cluster, name) },
      });
    this.scheduler = group("scheduler");
    this.workers = group("workers");

    const ports = { ...PORTS, ...workerPorts(cluster) };
    const own = (...names: (keyof typeof ports)[]): readonly Ports[] =>
      cluster.ucx ? [ANY_PORT] : names.map((name) => [name, ports[name]]);
    // Without --worker-port of `dask cuda worker`, GPU workers use ports that the kernel assigns.
    const unpinned = cluster.pools.some(({ kind }) => kind === "gpu") && !cluster.release.cudaWorkerPorts;

    this.rules = [
      ...this.fromAdministrators(cluster, this.scheduler, [
        // Without TLS, the scheduler has no authentication.
        ...(cluster.tls ? (["scheduler", "dashboard"] as const) : []),
        ...(cluster.ssh ? (["ssh"] as const) : []),
      ]),
      ...this.fromAdministrators(cluster, this.workers, cluster.ssh ? ["ssh"] : []),
      ...this.between("workers-to-scheduler", this.workers, this.scheduler, own("scheduler")),
      ...this.between(
        "scheduler-to-workers",
        this.scheduler,
        this.workers,
        own("worker", "nanny", "workerDashboard", "ephemeral"),
      ),
      ...this.between(
        "workers-to-workers",
        this.workers,
        this.workers,
        unpinned ? own("worker", "ephemeral") : own("worker"),
      ),
      ...this.egress(cluster, network),
      ...(cluster.network.nat === "none" ? this.toS3(cluster) : []),
    ];
  }

  private fromAdministrators(
    { network }: ResolvedCluster,
    to: SecurityGroup,
    ports: readonly ("scheduler" | "dashboard" | "ssh")[],
  ) {
    const admins = new Construct(this, `administrators-to-${to.node.id}`);
    return network.adminSubnets.flatMap((subnet) => {
      const from = new Construct(admins, subnet);
      return ports.map(
        (port) =>
          new VpcSecurityGroupIngressRule(from, port, {
            securityGroupId: to.id,
            description: `administrators: ${port}`,
            cidrIpv4: subnet,
            ...tcp(PORTS[port]),
          }),
      );
    });
  }

  /** Adds the egress rules of both groups. Blocks of an existing VPC are known at plan only. */
  private egress(cluster: ResolvedCluster, { vpcBlocks }: ClusterNetwork): readonly ITerraformDependable[] {
    return [this.scheduler, this.workers].flatMap((from) => {
      if (vpcBlocks === undefined) return egressRules(this, from.node.id, from, cluster);
      const blocks = TerraformIterator.fromList([...vpcBlocks]);
      return new VpcSecurityGroupEgressRule(this, `${from.node.id}-to-endpoints`, {
        forEach: blocks,
        securityGroupId: from.id,
        description: `${from.node.id}-to-endpoints: https`,
        cidrIpv4: blocks.value,
        ...tcp(HTTPS[1]),
      });
    });
  }

  /** Without NAT: access to S3, for the bundles of nodes and the readiness signal of the scheduler. */
  private toS3({ region }: ResolvedCluster): readonly ITerraformDependable[] {
    // Addresses of S3 in the region, which AWS updates (VPC User Guide, "AWS-managed prefix lists").
    const addresses = new DataAwsEc2ManagedPrefixList(this, "s3", { name: `com.amazonaws.${region}.s3` });
    return [this.scheduler, this.workers].map(
      (from) =>
        new VpcSecurityGroupEgressRule(this, `${from.node.id}-to-s3`, {
          securityGroupId: from.id,
          description: `${from.node.id}-to-s3: https`,
          prefixListId: addresses.id,
          ...tcp(HTTPS[1]),
        }),
    );
  }

  /** Adds an egress rule to one group, and the matching ingress rule to the other. */
  private between(id: string, from: SecurityGroup, to: SecurityGroup, ports: readonly Ports[]) {
    const at = new Construct(this, id);
    return ports.flatMap(([name, range]) => {
      const rule = new Construct(at, name);
      const common = { description: `${id}: ${name}`, ...tcp(range) };
      return [
        new VpcSecurityGroupEgressRule(rule, "egress", {
          ...common,
          securityGroupId: from.id,
          referencedSecurityGroupId: to.id,
        }),
        new VpcSecurityGroupIngressRule(rule, "ingress", {
          ...common,
          securityGroupId: to.id,
          referencedSecurityGroupId: from.id,
        }),
      ];
    });
  }
}

/**
 * Adds the egress rules of a group: to web servers for packages and AWS services, or without NAT to endpoints only. DNS and
 * time servers of AWS need no rules.
 *
 * @param source name of the group in the ids and descriptions of the rules
 */
export function egressRules(
  scope: Construct,
  source: string,
  from: SecurityGroup,
  { network }: ResolvedCluster,
): readonly ITerraformDependable[] {
  const [where, blocks, ports] =
    network.nat === "none"
      ? (["endpoints", nodeBlocks(network), [HTTPS]] as const)
      : (["archives", ["0.0.0.0/0"], [HTTP, HTTPS]] as const);
  const id = `${source}-to-${where}`;
  const at = new Construct(scope, id);
  return blocks.flatMap((cidrIpv4, index) => {
    const to = index === 0 ? at : new Construct(at, cidrIpv4);
    return ports.map(
      ([name, range]) =>
        new VpcSecurityGroupEgressRule(to, name, {
          securityGroupId: from.id,
          description: `${id}: ${name}`,
          cidrIpv4,
          ...tcp(range),
        }),
    );
  });
}

function tcp({ from, to }: PortRange) {
  return { ipProtocol: "tcp", fromPort: from, toPort: to };
}
