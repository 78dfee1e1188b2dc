import type { AutoscalingDefinition } from "./definition/autoscaling";
import type { Backend } from "./definition/backend";
import type { BackupDefinition } from "./definition/backup";
import type { DataDefinition } from "./definition/data";
import type { EnvironmentDefinition } from "./definition/environment";
import type { InstanceTypeDefinition } from "./definition/instance-types";
import type { MonitoringDefinition } from "./definition/monitoring";
import type { NetworkDefinition } from "./definition/network";
import type { NodeSetupDefinition } from "./definition/node-setup";
import type { PoolDefinition, SchedulerDefinition } from "./definition/nodes";
import type { SettingsDefinition } from "./definition/settings";
import type { ReleaseName } from "./releases";

export type { AutoscalingDefinition } from "./definition/autoscaling";
export type { Backend, HcpBackend, LocalBackend, S3Backend } from "./definition/backend";
export type { BackupDefinition } from "./definition/backup";
export type { DataDefinition } from "./definition/data";
export type { EnvironmentDefinition, PackageIndexDefinition } from "./definition/environment";
export type { Architecture, InstanceTypeDefinition } from "./definition/instance-types";
export type {
  AlertSubscription,
  MonitoringDefinition,
  RemoteUrlDefinition,
  RemoteWriteDefinition,
  WorkspaceDefinition,
} from "./definition/monitoring";
export type {
  CommonNetworkDefinition,
  ExistingNetworkDefinition,
  HostedZoneDefinition,
  NetworkDefinition,
  NewNetworkDefinition,
  ZoneDefinition,
} from "./definition/network";
export type { NodeSetupDefinition } from "./definition/node-setup";
export type {
  CommonPoolDefinition,
  CpuPoolDefinition,
  GpuPoolDefinition,
  Image,
  PoolDefinition,
  SchedulerDefinition,
} from "./definition/nodes";
export type {
  GitHubIdentity,
  GitLabIdentity,
  HcpIdentity,
  PipelineDefinition,
  PipelineIdentity,
} from "./definition/pipeline";
export type {
  DaskSettings,
  DaskValue,
  EnvironmentValue,
  SecretReference,
  SettingsDefinition,
} from "./definition/settings";
export type { SpillDefinition } from "./definition/spill";

/**
 * Definition of one Dask cluster: the input of `defineCluster`, which validates it and fills in the defaults. Only `name`
 * and `network.adminSubnets` are required.
 */
export interface ClusterDefinition extends SettingsDefinition {
  /**
   * Name of the cluster, and part of every name in AWS: a lower-case letter, then at most 31 lower-case letters, digits
   * and single hyphens. AWS reserves names that begin with `sg-`, and the names `ec2` and `compute`.
   */
  readonly name: string;
  /**
   * Versions of Python, Dask and RAPIDS on every node.
   *
   * @default "2026.7"
   */
  readonly release?: ReleaseName;
  /**
   * Your packages, in addition to those of the release.
   *
   * @default - the packages of the release, from PyPI
   */
  readonly environment?: EnvironmentDefinition;
  /**
   * AWS region. In a region where an account may lack the zones a or b, such as `us-east-1`, `network.zones` is required.
   *
   * @default "us-west-2"
   */
  readonly region?: string;
  /** Network of the cluster, and the networks of its administrators (docs/network.md). */
  readonly network: NetworkDefinition;
  /**
   * Node of the scheduler.
   *
   * @default - an m7i.large with a 50 GiB disk
   */
  readonly scheduler?: SchedulerDefinition;
  /**
   * Pools of workers. Their names are unique.
   *
   * @default - one CPU pool named `cpu`
   */
  readonly pools?: readonly PoolDefinition[];
  /**
   * Whether the number of nodes of each pool follows the work, between its minSize and maxSize (docs/scaling.md), and its limits
   * for all pools.
   *
   * @default - with the defaults of `AutoscalingDefinition` if the minSize of a pool is below its maxSize
   */
  readonly autoscaling?: boolean | AutoscalingDefinition;
  /**
   * Prices of instance types in USD per hour, such as `{ "m7i.2xlarge": 0.48 }`, in place of those of `prices.json`: for
   * private price agreements and for types without a known price.
   *
   * @default - the on-demand prices that `npm run prices` has written; this version comes without prices (docs/costs.md)
   */
  readonly prices?: Readonly<Record<string, number>>;
  /**
   * Whether instances start from AMIs that contain packages, conda, the Python environment and the GPU driver, so that they
   * install nothing at boot. EC2 Image Builder builds the AMIs during the deployment, and again when their contents change.
   *
   * @default false
   */
  readonly bakedImages?: boolean;
  /**
   * User scripts that run on every node, before those of the scheduler or pool.
   *
   * @default - none
   */
  readonly nodeSetup?: NodeSetupDefinition;
  /**
   * Whether every connection of the cluster uses TLS with client certificates, signed by the cluster's CA. Without TLS, a
   * cluster on AWS is isolated: its scheduler is reachable only through Session Manager (or SSH, if enabled).
   *
   * @default - true; false if all admin subnets are loopback addresses (127.0.0.0/8)
   */
  readonly tls?: boolean;
  /**
   * SSH access from the admin subnets, in addition to Session Manager.
   *
   * @default - none: port 22 is closed
   */
  readonly ssh?: SshDefinition;
  /**
   * Days until CloudWatch deletes the logs of the nodes, the flow logs of the network and the logs of image builds.
   *
   * @default 365
   */
  readonly logRetentionDays?: number;
  /**
   * Prometheus with alerts and a page of charts, next to the scheduler (docs/monitoring.md).
   *
   * @default - on AWS with the defaults of `MonitoringDefinition`; none in a local cluster, which `true` changes
   */
  readonly monitoring?: boolean | MonitoringDefinition;
  /**
   * Whether the scheduler, which has the state of all computations in memory, is protected from termination. Then
   * `cdktf destroy` fails until this is set to false.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;
  /**
   * Tags of every resource, instance and volume, at most 8. Keys must be unique when case is ignored, must not be `Name` in
   * any case, and must not begin with `dask:`.
   *
   * @default - only the tags that every cluster has: `Name`, `dask:cluster` and others that begin with `dask:`
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Name of an existing S3 bucket, without dots, for the files that nodes download. It is in the region of the cluster.
   * The deployment writes objects below `bundles/`, encrypted with the cluster's key. The bucket policy must allow the
   * identity that deploys to do so.
   *
   * @default - a bucket of the cluster, which is emptied and deleted with it
   */
  readonly artifactBucket?: string;
  /**
   * Backups of published datasets in S3 (docs/backup.md). Without this, `dask-cluster backup` needs `--location`, and the
   * tasks need `data` for it.
   *
   * @default - none
   */
  readonly backup?: BackupDefinition;
  /**
   * Facts about instance types that this version does not know, such as newer ones, by type:
   * `{ "m9i.2xlarge": { vcpus: 8, memoryMiB: 32768 } }`. They decide memory limits and ports of workers and cannot be
   * checked: synthesis prints a warning.
   *
   * @default - none: unknown instance types are rejected
   */
  readonly instanceTypeFacts?: Readonly<Record<string, InstanceTypeDefinition>>;
  /**
   * Data in Amazon S3 that the tasks of all pools read and write (docs/data.md).
   *
   * @default - none
   */
  readonly data?: DataDefinition;
  /**
   * ARNs of managed policies of the roles of all pools. IAM attaches 10 to a role by default, 20 after an increase.
   *
   * @default - none
   */
  readonly managedPolicies?: readonly string[];
  /**
   * ARN of the permissions boundary of all roles of the cluster, as `permissionsBoundary` of `DaskCluster`. It has to allow
   * what the roles do (docs/security.md, "Your permissions").
   *
   * @default - that of `DaskCluster`
   */
  readonly permissionsBoundary?: string;
  /**
   * Location of the Terraform state.
   *
   * @default - a state file in the working directory
   */
  readonly backend?: Backend;
}

/** SSH access to the nodes. */
export interface SshDefinition {
  /** Name of an EC2 key pair in the region of the cluster. */
  readonly keyName: string;
}
