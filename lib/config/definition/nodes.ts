import type { DataDefinition } from "./data";
import type { NodeSetupDefinition } from "./node-setup";
import type { SettingsDefinition } from "./settings";
import type { SpillDefinition } from "./spill";

/**
 * Image of a node: Canonical's Ubuntu 24.04 for the architecture of the node, the AWS Deep Learning AMI with GPU driver
 * (Ubuntu 24.04, only x86_64), an AMI by its id, or the name of an SSM parameter that contains the id of an AMI. An AMI by
 * id or parameter must have the architecture of the instance types; this is not checked, and EC2 rejects the instance
 * otherwise.
 */
export type Image =
  | "ubuntu"
  | "deep-learning"
  | {
      /** Id of an AMI. */
      readonly amiId: string;
    }
  | {
      /** Name of an SSM parameter. */
      readonly ssmParameter: string;
    };

/** Node of the scheduler. */
export interface SchedulerDefinition extends SettingsDefinition {
  /**
   * Instance type, x86_64 or arm64 (AWS Graviton, such as m7g.large). Another architecture than that of the pools is possible.
   *
   * @default "m7i.large"
   */
  readonly instanceType?: string;
  /**
   * Size of the root volume in GiB, at least 20; at least 100 with the image `deep-learning`.
   *
   * @default - 50; 200 with the image `deep-learning`
   */
  readonly diskGiB?: number;
  /**
   * Image of the node.
   *
   * @default "ubuntu"
   */
  readonly image?: Image;
  /**
   * Availability zone of the scheduler, one of `network.zones`. Another zone replaces the scheduler. Not used with
   * `network.vpcId`.
   *
   * @default - the zone whose name is first in the alphabet, so the order of `network.zones` has no effect
   */
  readonly zone?: string;
  /**
   * Fixed address in the private subnet of the scheduler's zone. Choose another one where the default is in use, for
   * example by a second cluster in the same subnet. Not used with `network.vpcId`, which has `network.schedulerAddress`.
   *
   * @default - the eleventh address of the subnet, such as 10.20.0.10; none with an existing network, unless
   * `network.zones` has the block of the subnet
   */
  readonly privateAddress?: string;
  /**
   * Private subnet of the scheduler in an existing network (`network.vpcId`): one of `network.privateSubnetIds`, or another
   * subnet of the VPC. Another subnet replaces the scheduler.
   *
   * @default - the first of `network.privateSubnetIds`
   */
  readonly subnetId?: string;
  /**
   * User scripts that run on the scheduler's node, after those of the cluster.
   *
   * @default - none
   */
  readonly nodeSetup?: NodeSetupDefinition;
}

/** Pool of workers: a group of equal nodes. */
export type PoolDefinition = CpuPoolDefinition | GpuPoolDefinition;

/** Properties of both kinds of pools. */
export interface CommonPoolDefinition extends SettingsDefinition {
  /** Name of the pool: a lower-case letter, then at most 19 lower-case letters, digits and single hyphens. */
  readonly name: string;
  /**
   * Instance types, in order of preference; on-demand instances use the first one that AWS has capacity for. They are types
   * of the Nitro System, and share one architecture: x86_64, or in CPU pools also arm64 (AWS Graviton, such as m7g.2xlarge).
   * Types with GPUs only in GPU pools, and without other accelerators.
   *
   * @default - m7i.2xlarge, m6i.2xlarge and m5.2xlarge; g6.xlarge and g5.xlarge for a GPU pool
   */
  readonly instanceTypes?: readonly string[];
  /**
   * Minimum number of instances, which the autoscaler keeps. The minimum of the Auto Scaling group is then 0, so that the
   * autoscaler and the dead man's switch can end every instance.
   *
   * @default 0
   */
  readonly minSize?: number;
  /**
   * Number of instances of the first deployment. After that, the autoscaler sets it, and deployments keep the current number.
   *
   * @default - 1, or the nearest that minSize and maxSize allow
   */
  readonly desiredSize?: number;
  /**
   * Maximum number of instances: a limit of the Auto Scaling group, which the autoscaler cannot exceed.
   *
   * @default - 10, or desiredSize or minSize where that is more
   */
  readonly maxSize?: number;
  /**
   * How long fewer instances must be enough for the work before the pool loses instances, as Dask reads a duration: a text such
   * as "5 minutes" or "90s", or a number of seconds. At least 1 minute on AWS.
   *
   * @default "5 minutes"
   */
  readonly idleTimeout?: string | number;
  /**
   * Time in which the pool should do the work that waits: the autoscaler starts as many instances as that takes.
   *
   * @default "2 minutes"
   */
  readonly targetDuration?: string | number;
  /**
   * How long an instance waits for its running tasks and moves its results before it ends, at most 2 hours. A task that runs
   * longer runs again on another instance.
   *
   * @default "10 minutes"
   */
  readonly drainTimeout?: string | number;
  /**
   * Number of on-demand instances that are started before any spot instance.
   *
   * @default 0
   */
  readonly onDemandBase?: number;
  /**
   * Percentage of spot instances among those beyond `onDemandBase`. EC2 offers some types, such as `hpc7a`, only on demand.
   *
   * @default 0
   */
  readonly spotPercentage?: number;
  /**
   * Memory limit of each worker process: `auto` for the node's memory divided by its worker processes, a size with its
   * unit such as `8GiB`, a share of the node's memory such as `0.25` or `25%`, or `0` or `false` for no limit.
   * Without a limit a worker does not spill.
   * The limits of all processes of a node add up to at most its memory. In the local stack,
   * the memory of a node is an equal part of the memory of the computer, and `auto` divides what other limits leave.
   *
   * @default "auto"
   */
  readonly memoryLimit?: string | number | false;
  /**
   * Abstract resources that each worker process offers in addition to `CPU` or `GPU`.
   *
   * @default - none
   */
  readonly resources?: Readonly<Record<string, number>>;
  /**
   * Where workers write data that does not fit in memory, and how much.
   *
   * @default - the instance store if every instance type has one, otherwise EBS
   */
  readonly spill?: SpillDefinition;
  /**
   * Size of the root volume in GiB, at least 20; at least 100 with the image `deep-learning`.
   *
   * @default - 100; 200 with the image `deep-learning`, and for a GPU pool with an AMI by id or parameter
   */
  readonly diskGiB?: number;
  /**
   * Image of the nodes.
   *
   * @default - "ubuntu"; "deep-learning" for a GPU pool
   */
  readonly image?: Image;
  /**
   * Availability zones of the nodes, of those in `network.zones`. Other zones replace all nodes of the pool in parts. Not
   * used with `network.vpcId`, which has `subnetIds`.
   *
   * @default - all of `network.zones`
   */
  readonly zones?: readonly string[];
  /**
   * Private subnets of the nodes in an existing network (`network.vpcId`): some of `network.privateSubnetIds`, or other
   * subnets of the VPC. Other subnets replace all nodes of the pool in parts.
   *
   * @default - all of `network.privateSubnetIds`
   */
  readonly subnetIds?: readonly string[];
  /**
   * User scripts that run on the nodes of the pool, after those of the cluster.
   *
   * @default - none
   */
  readonly nodeSetup?: NodeSetupDefinition;
  /**
   * Data in Amazon S3 that the tasks of the pool read and write, in addition to that of the cluster.
   *
   * @default - none
   */
  readonly data?: DataDefinition;
  /**
   * ARNs of managed policies of the role of the pool, in addition to those of the cluster.
   *
   * @default - none
   */
  readonly managedPolicies?: readonly string[];
}

/** Pool of CPU workers: one `dask worker` per node, which offers one `CPU` per thread. */
export interface CpuPoolDefinition extends CommonPoolDefinition {
  /** Kind of the pool. */
  readonly kind: "cpu";
  /**
   * Worker processes per node. Several processes help Python code that holds the GIL. At most 64, or the vCPUs of the
   * smallest instance type if those are more.
   *
   * @default 1
   */
  readonly processes?: number;
  /**
   * Threads per worker process.
   *
   * @default - the node's vCPUs divided by `processes`
   */
  readonly threads?: number;
}

/** Pool of GPU workers: one `dask cuda worker` per node with one process per GPU, each of which offers one `GPU`. */
export interface GpuPoolDefinition extends CommonPoolDefinition {
  /** Kind of the pool. */
  readonly kind: "gpu";
  /**
   * Threads per worker process.
   *
   * @default 1
   */
  readonly threads?: number;
  /**
   * RMM memory pool of each GPU: a share of its memory between 0 and 1, a size with its unit such as `12GiB`, or `false`.
   *
   * @default - 0.8 if the release has RMM, otherwise false
   */
  readonly rmmPool?: number | string | false;
  /**
   * Whether the nodes of the cluster use UCX instead of TCP. Requires `tls: false`, a scheduler with a GPU, and that every
   * pool is a GPU pool with `ucx`.
   *
   * @default false
   */
  readonly ucx?: boolean;
}
