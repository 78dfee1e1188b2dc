import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { Construct } from "constructs";
import type { Cluster, Pool } from "../../cluster/cluster";
import { workerNode } from "../../node/machine";
import { userData } from "../../node/user-data";
import { machineName, machineTags } from "../account/tags";
import type { ClusterKey } from "../encryption/cluster-key";
import type { ClusterImages } from "../image/cluster-images";
import { launchImage, ROOT_DEVICE } from "../image/machine-image";
import type { ClusterSecurity } from "../network/cluster-security";
import type { PoolRole } from "../roles/pool-role";

/** Properties of a `NodeTemplate`. */
export interface NodeTemplateProps {
  /** Cluster of the machines. */
  readonly cluster: Cluster;
  /** Pool of the machines. */
  readonly pool: Pool;
  /** Security of the cluster. */
  readonly security: ClusterSecurity;
  /** Role of the machines. */
  readonly role: PoolRole;
  /** Key of the cluster. */
  readonly key: ClusterKey;
  /** @default - the machines start from the image of the definition */
  readonly images?: ClusterImages;
}

/** What each machine of a pool is made from, but for its instance type, which the pool chooses. */
export class NodeTemplate extends Construct {
  /** Id of the template. */
  readonly templateId: string;
  /** Number of the newest version: whoever names it learns of every change. */
  readonly latestVersion: string;

  constructor(scope: Construct, id: string, props: NodeTemplateProps) {
    super(scope, id);
    const { cluster, pool, security, role, key, images } = props;
    const tags = machineTags(cluster, pool);
    const template = new LaunchTemplate(this, "Resource", {
      name: machineName(cluster, pool),
      description: `workers of the Dask cluster ${cluster.name}, pool ${pool.name}`,
      imageId: images?.amiIdOf(cluster, pool) ?? launchImage(pool.image),
      iamInstanceProfile: { name: role.instanceProfile.name },
      ...(cluster.ssh && { keyName: cluster.ssh.keyName }),
      userData: userData(workerNode(cluster, pool)),
      updateDefaultVersion: true,
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      monitoring: { enabled: true },
      networkInterfaces: [
        {
          deviceIndex: 0,
          associatePublicIpAddress: "false",
          deleteOnTermination: "true",
          securityGroups: [security.workers.id],
        },
      ],
      blockDeviceMappings: [
        {
          deviceName: ROOT_DEVICE,
          ebs: {
            volumeType: "gp3",
            volumeSize: pool.diskGiB,
            encrypted: "true",
            kmsKeyId: key.arn,
            deleteOnTermination: "true",
          },
        },
      ],
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
      tags: { Name: machineName(cluster, pool) },
    });
    this.templateId = template.id;
    this.latestVersion = template.getStringAttribute("latest_version");
  }
}
