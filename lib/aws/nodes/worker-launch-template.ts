import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { Construct } from "constructs";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import type { NodePlan } from "../../node/node-plan";
import { userData } from "../../node/user-data";
import { nodeTags } from "../account/tags";
import type { EncryptionKey } from "../encryption/encryption-key";
import { launchImage, ROOT_DEVICE } from "../image/base-image";
import type { ClusterSecurityGroups } from "../network/cluster-security-groups";
import type { PoolRole } from "../roles/pool-role";

/** Plan of a pool's nodes, and what their instances use. */
export interface WorkerLaunchTemplateProps {
  /** Cluster of the instances. */
  readonly cluster: ResolvedCluster;
  /** Pool of the instances. */
  readonly pool: Pool;
  /** Plan of the nodes of the pool. */
  readonly node: NodePlan;
  /** Security groups of the cluster. */
  readonly securityGroups: ClusterSecurityGroups;
  /** Role of the instances. */
  readonly role: PoolRole;
  /** Key that encrypts the root volumes. */
  readonly key: EncryptionKey;
}

/**
 * Launch template of a pool's instances, without instance types: the Auto Scaling group has those.
 *
 * @example
 * import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
 *
 * const template = dask.pools.cpu?.template.node.defaultChild;
 * if (template instanceof LaunchTemplate) template.putPlacement({ groupName: "my-placement-group" });
 */
export class WorkerLaunchTemplate extends Construct {
  /** Id of the template. */
  readonly templateId: string;
  /** Number of the newest version. A resource that refers to it changes with each version. */
  readonly latestVersion: string;

  private readonly template: LaunchTemplate;
  private securityGroupIds: readonly string[];

  constructor(scope: Construct, id: string, props: WorkerLaunchTemplateProps) {
    super(scope, id);
    const { cluster, pool, node, securityGroups, role, key } = props;
    const tags = nodeTags(cluster, node);
    this.securityGroupIds = [securityGroups.workers.id];
    this.template = new LaunchTemplate(this, "Resource", {
      name: node.name,
      description: `workers of the Dask cluster ${cluster.name}, pool ${pool.name}`,
      imageId: launchImage(node),
      iamInstanceProfile: { name: role.instanceProfile.name },
      ...(cluster.ssh && { keyName: cluster.ssh.keyName }),
      userData: userData(node),
      updateDefaultVersion: true,
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      monitoring: { enabled: true },
      networkInterfaces: [networkInterface(this.securityGroupIds)],
      blockDeviceMappings: [
        {
          deviceName: ROOT_DEVICE,
          ebs: {
            volumeType: "gp3",
            volumeSize: node.diskGiB,
            encrypted: "true",
            kmsKeyId: key.arn,
            deleteOnTermination: "true",
          },
        },
      ],
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
      tags: { Name: node.name },
    });
    this.templateId = this.template.id;
    this.latestVersion = this.template.getStringAttribute("latest_version");
  }

  /** Adds a security group to the instances. */
  addSecurityGroup(securityGroupId: string): void {
    this.securityGroupIds = [...this.securityGroupIds, securityGroupId];
    this.template.putNetworkInterfaces([networkInterface(this.securityGroupIds)]);
  }
}

function networkInterface(securityGroups: readonly string[]) {
  return {
    deviceIndex: 0,
    associatePublicIpAddress: "false",
    deleteOnTermination: "true",
    securityGroups: [...securityGroups],
  };
}
