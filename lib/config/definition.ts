import type { Backend } from "./definition/backend";
import type { InstanceTypeDefinition } from "./definition/instance-types";
import type { NetworkDefinition } from "./definition/network";
import type { NodeSetupDefinition } from "./definition/node-setup";
import type { ReleaseName } from "./releases";

export type { Backend, HcpBackend, LocalBackend, S3Backend } from "./definition/backend";
export type { InstanceTypeDefinition } from "./definition/instance-types";
export type { NetworkDefinition, ZoneDefinition } from "./definition/network";
export type { NodeSetupDefinition } from "./definition/node-setup";

/**
 * What a person writes: one Dask cluster. Everything but its name and the subnets of its administrators has
 * a default. `defineCluster` turns it into a `ResolvedCluster`.
 */
export interface ClusterDefinition {
  /**
   * Name of the cluster, and part of every name in AWS: a lower-case letter, then at most 31 lower-case letters, digits
   * and single hyphens. It does not begin with `sg-`, and is neither `ec2` nor `compute`: AWS uses these itself.
   */
  readonly name: string;
  /**
   * Versions that run on every machine.
   *
   * @default "2026.7"
   */
  readonly release?: ReleaseName;
  /**
   * AWS region. In a region where an account may lack the zones a or b, such as `us-east-1`, `network.zones` is required.
   *
   * @default "us-west-2"
   */
  readonly region?: string;
  readonly network: NetworkDefinition;
  /** @default - an m7i.large with a 50 GiB disk */
  readonly scheduler?: SchedulerDefinition;
  /** @default - one CPU pool named `cpu` */
  readonly pools?: readonly PoolDefinition[];
  /**
   * Whether machines start from an image that holds packages, conda, locked environment and driver. EC2 Image Builder
   * makes one before the machines, and anew when any of these changes; a machine then installs nothing.
   *
   * @default false
   */
  readonly bakedImages?: boolean;
  /**
   * Scripts of yours that run on every node, before those of the scheduler or pool.
   *
   * @default - none
   */
  readonly nodeSetup?: NodeSetupDefinition;
  /**
   * Whether every connection of the cluster is encrypted and authenticated, by certificates of its own authority.
   * A cluster on AWS without is isolated: no administrator's subnet reaches it but by `ssh`, and Session Manager's tunnels
   * do.
   *
   * @default - true; false for a cluster whose administrators are all on this machine (127.0.0.0/8)
   */
  readonly tls?: boolean;
  /**
   * A way in by SSH, from the admin subnets, beside Session Manager.
   *
   * @default - none: port 22 is closed
   */
  readonly ssh?: SshDefinition;
  /**
   * Days that logs of the network and of the machines are kept.
   *
   * @default 365
   */
  readonly logRetentionDays?: number;
  /**
   * Whether the scheduler, which holds what is computed, is protected from being terminated: `cdktf destroy` then fails
   * until the protection is taken off.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;
  /**
   * Tags of every resource, instance and volume, at most 8. Keys differ by more than their case, from each other and from
   * `Name`, and do not begin with `dask:`.
   *
   * @default - only the tags that every cluster has: Name, dask:cluster and others that begin with dask:
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Name of an existing S3 bucket, without dots, for the files that nodes download. It is in the cluster's region; the
   * cluster writes below `bundles/`, encrypted by its own key. Its policy has to let the deployment write there.
   *
   * @default - a bucket of the cluster, which is emptied and deleted with it
   */
  readonly artifactBucket?: string;
  /**
   * Facts about instance types that this version does not know, such as newer ones, by type: `{ "m9i.2xlarge": { vcpus: 8,
   * memoryMiB: 32768 } }`. They decide the limits of workers, and are checked against nothing: synthesis warns of them.
   *
   * @default - none: a definition with an unknown type is refused
   */
  readonly instanceTypeFacts?: Readonly<Record<string, InstanceTypeDefinition>>;
  /** @default - a state file in the working directory */
  readonly backend?: Backend;
}

/** A way in by SSH. */
export interface SshDefinition {
  /** Name of an EC2 key pair of the region. */
  readonly keyName: string;
}

/**
 * Image of a machine: Canonical's Ubuntu 24.04, AWS's Deep Learning AMI with a driver (Ubuntu 24.04), an AMI
 * by id, or any SSM parameter that holds an AMI's id.
 */
export type Image =
  | "ubuntu"
  | "deep-learning"
  | { readonly amiId: string }
  | { readonly ssmParameter: string };

/** The machine of the scheduler. */
export interface SchedulerDefinition {
  /** @default "m7i.large" */
  readonly instanceType?: string;
  /**
   * Size of the root volume in GiB, at least 20; at least 100 with the image `deep-learning`.
   *
   * @default - 50; 200 with the image `deep-learning`
   */
  readonly diskGiB?: number;
  /** @default "ubuntu" */
  readonly image?: Image;
  /**
   * Availability zone of the scheduler, one of `network.zones`. Another zone replaces the scheduler.
   *
   * @default - the zone whose name comes first in the alphabet, so the order of `network.zones` means nothing
   */
  readonly zone?: string;
  /**
   * Fixed address in the private subnet of the scheduler's zone. Choose another one where the default is in use, for example
   * by a second cluster in the same subnet.
   *
   * @default - the eleventh address of the subnet, such as 10.20.0.10; none with an existing network, unless `network.zones` has
   * the block of the subnet
   */
  readonly privateAddress?: string;
  /**
   * Scripts of yours that run on the scheduler's node, after those of the cluster.
   *
   * @default - none
   */
  readonly nodeSetup?: NodeSetupDefinition;
}

/** Any pool of workers. */
export type PoolDefinition = CpuPoolDefinition | GpuPoolDefinition;

/** What pools of either kind share. */
export interface CommonPoolDefinition {
  /** Name of the pool: a lower-case letter, then at most 19 lower-case letters, digits and single hyphens. */
  readonly name: string;
  /**
   * Instance types, in order of preference; the group takes whichever it gets. They are x86_64 types of the Nitro System;
   * types with GPUs only in GPU pools, and without other accelerators.
   *
   * @default - m7i.2xlarge, m6i.2xlarge and m5.2xlarge; g6.xlarge and g5.xlarge for a GPU pool
   */
  readonly instanceTypes?: readonly string[];
  /**
   * Fewest machines.
   *
   * @default 0
   */
  readonly minSize?: number;
  /**
   * Machines to begin with; afterwards the number belongs to whoever scales the pool.
   *
   * @default - 1, or the nearest that minSize and maxSize allow
   */
  readonly desiredSize?: number;
  /**
   * Most machines.
   *
   * @default - 10, or desiredSize or minSize where that is more
   */
  readonly maxSize?: number;
  /**
   * Machines that are on-demand before any is spot.
   *
   * @default 0
   */
  readonly onDemandBase?: number;
  /**
   * Percentage of the machines beyond `onDemandBase` that are spot. EC2 offers some types, such as `hpc7a`, only on demand.
   *
   * @default 0
   */
  readonly spotPercentage?: number;
  /**
   * Memory limit of each worker process: `auto` for the node's memory divided by its worker processes, a size with its unit
   * such as `8GiB`, a share of the node's memory such as `0.25` or `25%`, or `0` for no limit. Without a limit a worker does not
   * spill. The limits of a node's processes add up to at most its memory. The local stack divides the memory of its computer
   * among the workers of all pools; a share is then one of an equal part for each acted-out node.
   *
   * @default "auto"
   */
  readonly memoryLimit?: string | number | false;
  /**
   * Abstract resources that each worker process offers beside `CPU` or `GPU`.
   *
   * @default - none
   */
  readonly resources?: Readonly<Record<string, number>>;
  /** @default - the instance store where every instance type has one, else EBS */
  readonly spill?: SpillDefinition;
  /**
   * Size of the root volume in GiB, at least 20; at least 100 with the image `deep-learning`.
   *
   * @default - 100; 200 with the image `deep-learning`, and for a GPU pool with an AMI by id or parameter
   */
  readonly diskGiB?: number;
  /** @default - "ubuntu"; "deep-learning" for a GPU pool */
  readonly image?: Image;
  /**
   * Scripts of yours that run on the nodes of the pool, after those of the cluster.
   *
   * @default - none
   */
  readonly nodeSetup?: NodeSetupDefinition;
}

/** Workers that compute on CPUs: one `dask worker` a machine, offering `CPU` once per thread. */
export interface CpuPoolDefinition extends CommonPoolDefinition {
  readonly kind: "cpu";
  /**
   * Worker processes per node; more than one helps Python code that holds the interpreter's lock. At most 64, or as many as
   * the smallest of the instance types has vCPUs.
   *
   * @default 1
   */
  readonly processes?: number;
  /**
   * Threads per worker process.
   *
   * @default - the machine's vCPUs divided by `processes`
   */
  readonly threads?: number;
}

/** Workers that compute on GPUs: one process per GPU (`dask cuda worker`), each offering `GPU` once. */
export interface GpuPoolDefinition extends CommonPoolDefinition {
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
   * @default - 0.8 where the release has RMM, else false
   */
  readonly rmmPool?: number | string | false;
  /**
   * UCX instead of TCP between the members of the cluster. Every member has to speak it, so either each pool
   * is a GPU pool with UCX and the scheduler has a GPU too, or none is.
   *
   * @default false
   */
  readonly ucx?: boolean;
}

/** Where workers put what does not fit in memory. */
export interface SpillDefinition {
  /** @default - the instance store where every instance type has one, else EBS */
  readonly storage?: "instance-store" | "ebs";
  /**
   * Most that one worker process may spill: a size with its unit such as `40GiB`, or `false` for no limit.
   *
   * @default - false on the instance store; on EBS half of the disk, shared by the machine's processes
   */
  readonly limit?: string | false;
}
