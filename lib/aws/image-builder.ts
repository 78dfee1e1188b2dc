import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";
import { toArchives } from "./cluster-security";
import { MachineRole } from "./machine-role";
import type { ClusterNetwork } from "./network";

/** Properties of an `ImageBuilder`. */
export interface ImageBuilderProps {
  /** Cluster whose images are built. */
  readonly cluster: Cluster;
  /** Network of the builders; they live in the first private subnet. */
  readonly network: ClusterNetwork;
}

/** What the machines on which images are built may do in AWS: what EC2 Image Builder asks of them. */
class BuilderRole extends MachineRole {
  constructor(scope: Construct, id: string, cluster: Cluster) {
    super(scope, id, {
      cluster,
      kind: "builder",
      description: `machines that build images of the Dask cluster ${cluster.name}`,
    });
    this.attach("image-builder", "EC2InstanceProfileForImageBuilder");
  }
}

/**
 * Where images are built: a private subnet, a group that lets nobody in and reaches web servers alone, and a role of
 * its own. Builders run while an image is made, and no longer.
 */
export class ImageBuilder extends Construct {
  /** Name of the builders' instance profile. */
  readonly instanceProfileName: string;
  /** Subnet of the builders. */
  readonly subnetId: string;
  /** Group of the builders. */
  readonly securityGroupId: string;
  /** What has to exist before a builder can fetch packages. */
  readonly wayOut: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, network }: ImageBuilderProps) {
    super(scope, id);
    const name = `${cluster.name}-image-builder`;
    const group = new SecurityGroup(this, "group", {
      name,
      description: `builders of images of the Dask cluster ${cluster.name}`,
      vpcId: network.vpcId,
      tags: { Name: name },
    });
    this.instanceProfileName = new BuilderRole(this, "role", cluster).instanceProfile.name;
    // A `DaskCluster` has seen to it that there is one.
    this.subnetId = network.privateSubnetIds[0] as string;
    this.securityGroupId = group.id;
    this.wayOut = [...(network.wayOut ?? []), ...toArchives(this, "builders-to-archives", group)];
  }
}
