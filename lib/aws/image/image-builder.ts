import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import type { ArtifactBucket } from "../artifacts/artifact-bucket";
import type { EncryptionKey } from "../encryption/encryption-key";
import { type ClusterNetwork, schedulerSubnetId } from "../network/cluster-network";
import { egressRules } from "../network/cluster-security-groups";
import { BuilderRole } from "../roles/builder-role";

/** Cluster, account and network of the build. */
export interface ImageBuilderProps {
  /** Cluster whose AMIs are built. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key that encrypts the archives with the contents. */
  readonly key: EncryptionKey;
  /** Bucket of these archives. */
  readonly artifacts: ArtifactBucket;
  /** Network of the build: the private subnet of the scheduler's zone. */
  readonly network: ClusterNetwork;
}

/**
 * Subnet, security group and role of the instances that build AMIs. The group has no ingress rules, and egress rules to web
 * servers only. The instances run only during a build.
 *
 * @example
 * const cluster = defineCluster({ name: "research", network: { adminSubnets: ["10.8.0.0/16"] }, bakedImages: true });
 * const stack = new AwsStack(app, "research", { cluster });
 * const { images } = stack.daskCluster;
 * new TerraformOutput(stack, "builders", { value: images?.builder.securityGroupId });
 */
export class ImageBuilder extends Construct {
  /** Role of the builders. */
  readonly role: BuilderRole;
  /** Subnet of the builders. */
  readonly subnetId: string;
  /** Group of the builders. */
  readonly securityGroupId: string;
  /** Resources that have to exist before a build, in addition to the policies of the role. */
  readonly dependencies: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ImageBuilderProps) {
    super(scope, id);
    const { cluster, network } = props;
    const name = resourceName(cluster, "image-builder");
    const group = new SecurityGroup(this, "group", {
      name,
      description: `builders of images of the Dask cluster ${cluster.name}`,
      vpcId: network.vpcId,
      tags: { Name: name },
    });
    this.role = new BuilderRole(this, "role", props);
    this.subnetId = schedulerSubnetId(cluster, network);
    this.securityGroupId = group.id;
    this.dependencies = [
      ...(network.internetConnectivityEstablished ?? []),
      ...egressRules(this, "builders", group, cluster),
    ];
  }
}
