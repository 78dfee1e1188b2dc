import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { Resource as NullResource } from "@cdktf/provider-null/lib/resource";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { BACKUP_TAG } from "../../node/backup-bucket";
import type { NodePlan } from "../../node/node-plan";
import { userData } from "../../node/user-data";
import { nameOf } from "../account/names";
import { suppress } from "../account/suppression";
import { nodeTags } from "../account/tags";
import type { BundleObject } from "../artifacts/bundle-object";
import type { BackupLocation } from "../backup/backup-location";
import type { EncryptionKey } from "../encryption/encryption-key";
import { imageParameter, isPinned, launchImage } from "../image/base-image";
import { type ClusterNetwork, schedulerSubnetId } from "../network/cluster-network";
import type { ClusterSecurityGroups } from "../network/cluster-security-groups";
import { STATE_TAG } from "../roles/node-role";
import type { SchedulerRole } from "../roles/scheduler-role";

/** Plan of the scheduler's node, and what its instance uses. */
export interface SchedulerProps {
  /** Cluster of the scheduler. */
  readonly cluster: ResolvedCluster;
  /** Plan of the scheduler. */
  readonly node: NodePlan;
  /** Network of the instance. */
  readonly network: ClusterNetwork;
  /** Security groups of the cluster. */
  readonly securityGroups: ClusterSecurityGroups;
  /** Role of the instance. */
  readonly role: SchedulerRole;
  /** Key that encrypts the root volume. */
  readonly key: EncryptionKey;
  /** Bundle that the instance downloads. */
  readonly bundle: BundleObject;
  /** Location of the backups, for clients that look for it. */
  readonly backup?: BackupLocation;
}

/**
 * Scheduler: an on-demand instance, with a fixed private address if the definition has one. Its state is in memory and lost
 * with it, so only changes of the definition, of its scripts and of the files that this package installs replace the
 * instance; a newer AMI does not. With `deletionProtection`, Terraform (`prevent_destroy`) and EC2 (termination protection)
 * both refuse to remove it.
 *
 * @example
 * dask.scheduler.addSecurityGroup("sg-0123456789abcdef0");
 * dask.scheduler.role.addManagedPolicy("arn:aws:iam::123456789012:policy/read-my-tables");
 */
export class Scheduler extends Construct {
  /** Instance of the scheduler. */
  readonly instance: Instance;
  /** Role of the instance. */
  readonly role: SchedulerRole;
  /** Id that changes with each new instance, for resources that have to change with the scheduler. */
  readonly generation: string;
  /** Address of a resource that is replaced with each new instance, for `replaceTriggeredBy`. */
  readonly replacement: string;

  constructor(scope: Construct, id: string, props: SchedulerProps) {
    super(scope, id);
    const { cluster, node, network, securityGroups, role, key, bundle, backup } = props;
    const {
      deletionProtection,
      ssh,
      scheduler: { privateAddress },
    } = cluster;
    this.role = role;
    const tags = nodeTags(cluster, node);
    const image = new NullResource(this, "image", { triggers: { image: launchImage(node) } });
    this.instance = new Instance(this, "Resource", {
      ami: this.ami(node),
      instanceType: cluster.scheduler.instanceType,
      subnetId: schedulerSubnetId(cluster, network),
      ...(privateAddress !== undefined && { privateIp: privateAddress }),
      associatePublicIpAddress: false,
      vpcSecurityGroupIds: [securityGroups.scheduler.id],
      iamInstanceProfile: role.instanceProfile.name,
      ...(ssh && { keyName: ssh.keyName }),
      disableApiTermination: deletionProtection,
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      monitoring: true,
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: node.diskGiB,
        encrypted: true,
        kmsKeyId: key.arn,
        deleteOnTermination: true,
        tags,
      },
      userDataBase64: userData(node),
      userDataReplaceOnChange: true,
      tags: { ...tags, ...(backup && { [BACKUP_TAG]: backup.url }) },
      // `image` replaces the instance if the definition changes; a newer AMI of the same parameter does not.
      lifecycle: {
        ignoreChanges: ["ami", `tags["${STATE_TAG}"]`],
        replaceTriggeredBy: [nameOf(image)],
        ...(deletionProtection && { preventDestroy: true }),
      },
      dependsOn: [...(network.internetConnectivityEstablished ?? []), ...securityGroups.rules, bundle.object],
    });
    role.addDependent(this.instance);
    suppress(
      this.instance,
      "CKV_AWS_135",
      "instance types of the Nitro System are EBS-optimized by default; EC2 rejects the setting for types that cannot be",
    );
    const generation = new NullResource(this, "generation", { triggers: { instance: this.instance.id } });
    this.generation = generation.id;
    this.replacement = nameOf(generation);
  }

  /**
   * Adds a security group to the instance, in addition to that of the cluster. AWS allows 5 groups per instance by default.
   * The change does not replace the scheduler.
   */
  addSecurityGroup(securityGroupId: string): void {
    const present = this.instance.vpcSecurityGroupIdsInput ?? [];
    this.instance.vpcSecurityGroupIds = [...present, securityGroupId];
  }

  /** Returns the id of an AMI: that of the image, or the newest of its parameter. */
  private ami({ image, architecture }: NodePlan): string {
    if (isPinned(image)) return image.amiId;
    return new DataAwsSsmParameter(this, "newest-ami", { name: imageParameter(image, architecture) })
      .insecureValue;
  }
}
