import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import { type ClusterNetwork, schedulerSubnetId } from "../network/cluster-network";
import { egressRules } from "../network/cluster-security-groups";
import { BuilderRole } from "../roles/builder-role";

/** Decides where images are built. */
export interface ImageBuilderProps {
  /** Cluster whose images are built. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Network of the builders; they run in the subnet of the scheduler's zone. */
  readonly network: ClusterNetwork;
}

/**
 * Where images are built: a private subnet, a group that lets nobody in and reaches web servers alone, and a role of
 * its own. Builders run while an image is made, and no longer.
 *
 * @example
 * new TerraformOutput(stack, "builders", { value: dask.images?.builder.securityGroupId });
 */
export class ImageBuilder extends Construct {
  /** Role of the builders. */
  readonly role: BuilderRole;
  /** Subnet of the builders. */
  readonly subnetId: string;
  /** Group of the builders. */
  readonly securityGroupId: string;
  /** What has to exist before a builder can do its work, next to the policies of the role. */
  readonly dependencies: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, account, network }: ImageBuilderProps) {
    super(scope, id);
    const name = resourceName(cluster, "image-builder");
    const group = new SecurityGroup(this, "group", {
      name,
      description: `builders of images of the Dask cluster ${cluster.name}`,
      vpcId: network.vpcId,
      tags: { Name: name },
    });
    this.role = new BuilderRole(this, "role", { cluster, account });
    this.subnetId = schedulerSubnetId(cluster, network);
    this.securityGroupId = group.id;
    this.dependencies = [
      ...(network.internetConnectivityEstablished ?? []),
      ...egressRules(this, "builders", group, cluster),
    ];
  }
}
