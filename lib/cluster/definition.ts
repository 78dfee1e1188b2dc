import type { ReleaseName } from "./releases";

/**
 * What a person writes: one Dask cluster. Everything but its name and the subnets of its administrators has
 * a default. `defineCluster` turns it into a `Cluster`.
 */
export interface ClusterDefinition {
  /**
   * Name of the cluster, and the stem of every name in AWS: a lower-case letter, then at most 31 lower-case
   * letters, digits and single hyphens.
   */
  readonly name: string;
  /**
   * Versions that run on every machine.
   *
   * @default "2026.7"
   */
  readonly release?: ReleaseName;
  /**
   * AWS region.
   *
   * @default "us-east-1"
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
   * Tags of every resource, instance and volume.
   *
   * @default - none but the cluster's own
   */
  readonly tags?: Readonly<Record<string, string>>;
  /** @default - a state file in the working directory */
  readonly backend?: Backend;
}

/** The network of a cluster. */
export interface NetworkDefinition {
  /** Blocks whose machines may reach the scheduler and the dashboard. Never the whole Internet. */
  readonly adminSubnets: readonly string[];
  /**
   * Block of the VPC, between /16 and /22 where the subnets are derived from it.
   *
   * @default "10.20.0.0/16"
   */
  readonly vpcCidr?: string;
  /**
   * Availability zones, by name or with subnets of their own.
   *
   * @default - zones a and b of the region
   */
  readonly zones?: readonly (string | ZoneDefinition)[];
  /**
   * One NAT gateway, or one per zone so that a zone's loss leaves the others their way out, or none: then machines
   * reach nothing outside, and need `endpoints` and images that hold all they would install.
   *
   * @default "single"
   */
  readonly nat?: "single" | "per-zone" | "none";
  /**
   * Whether machines reach the services of AWS by endpoints inside the VPC instead of over the Internet.
   *
   * @default false
   */
  readonly endpoints?: boolean;
}

/** A way in by SSH. */
export interface SshDefinition {
  /** Name of an EC2 key pair of the region. */
  readonly keyName: string;
}

/** An availability zone with its subnets. */
export interface ZoneDefinition {
  /** Name of the zone, such as `us-east-1a`. */
  readonly name: string;
  /**
   * Block of the machines.
   *
   * @default - the zone's eighth of the VPC
   */
  readonly privateSubnet?: string;
  /**
   * Block of the NAT gateway.
   *
   * @default - the zone's eighth of the last eighth of the VPC
   */
  readonly publicSubnet?: string;
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
   * Size of the root volume in GiB.
   *
   * @default 50
   */
  readonly diskGiB?: number;
  /** @default "ubuntu" */
  readonly image?: Image;
}

/** Any pool of workers. */
export type PoolDefinition = CpuPoolDefinition | GpuPoolDefinition;

/** What pools of either kind share. */
export interface CommonPoolDefinition {
  /** Name of the pool: a lower-case letter, then at most 19 lower-case letters, digits and single hyphens. */
  readonly name: string;
  /**
   * Instance types, in order of preference; the group takes whichever it gets.
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
   * Percentage of the machines beyond `onDemandBase` that are spot.
   *
   * @default 0
   */
  readonly spotPercentage?: number;
  /**
   * Memory of each worker process as Dask reads it, such as `8GiB`, or `auto` for its share of the machine.
   *
   * @default "auto"
   */
  readonly memoryLimit?: string;
  /**
   * Abstract resources that each worker process offers beside `CPU` or `GPU`.
   *
   * @default - none
   */
  readonly resources?: Readonly<Record<string, number>>;
  /** @default - the instance store where every instance type has one, else EBS */
  readonly spill?: SpillDefinition;
  /**
   * Size of the root volume in GiB.
   *
   * @default 100
   */
  readonly diskGiB?: number;
  /** @default - "ubuntu"; "deep-learning" for a GPU pool */
  readonly image?: Image;
}

/** Workers that compute on CPUs: one `dask worker` a machine, offering `CPU` once per thread. */
export interface CpuPoolDefinition extends CommonPoolDefinition {
  readonly kind: "cpu";
  /**
   * Worker processes per machine; more than one helps Python code that holds the interpreter's lock.
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
   * RMM memory pool of each GPU: a share of its memory between 0 and 1, a size such as `12GiB`, or `false`.
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
  readonly on?: "instance-store" | "ebs";
  /**
   * Most that one worker process may spill, such as `40GiB`, or `false` for no limit.
   *
   * @default - false on the instance store; on EBS half of the disk, shared by the machine's processes
   */
  readonly limit?: string | false;
}

/** Where Terraform keeps its state. */
export type Backend = LocalBackend | S3Backend | HcpBackend;

/** A state file on this machine. */
export interface LocalBackend {
  readonly type: "local";
  /**
   * Path of the file, relative to the working directory.
   *
   * @default - `terraform.<name>.tfstate`
   */
  readonly path?: string;
}

/** An object in S3, encrypted, with S3's own lock file. */
export interface S3Backend {
  readonly type: "s3";
  readonly bucket: string;
  /** @default - `cdktf-dask/<name>.tfstate` */
  readonly key?: string;
  /** @default - the cluster's region */
  readonly region?: string;
  /** @default - the bucket's own key */
  readonly kmsKeyId?: string;
}

/** A workspace of HCP Terraform. */
export interface HcpBackend {
  readonly type: "hcp";
  readonly organization: string;
  /** @default - the cluster's name */
  readonly workspace?: string;
  /** @default "app.terraform.io" */
  readonly hostname?: string;
}
