import type { AddressPath } from "./address-defaults";
import type { Amount } from "./amounts";
import type { Autoscaling, Scaling } from "./autoscaling";
import type {
  Backend,
  BackupDefinition,
  DataDefinition,
  HostedZoneDefinition,
  Image,
  NodeSetupDefinition,
  SettingsDefinition,
  SshDefinition,
} from "./definition";
import type { GivenFacts } from "./instance-types";
import type { Monitoring } from "./monitoring";
import type { Release } from "./releases";

/** Validated definition with all defaults: the output of `defineCluster`. Deeply frozen. */
export interface ResolvedCluster extends SettingsDefinition {
  /** Name of the cluster. */
  readonly name: string;
  /** Versions of Python, Dask and RAPIDS. */
  readonly release: Release;
  /** Packages of the user. */
  readonly environment: Environment;
  /** AWS region. */
  readonly region: string;
  /** Network of the cluster. */
  readonly network: Network;
  /** Node of the scheduler. */
  readonly scheduler: Scheduler;
  /** Pools of workers, in the order of the definition. */
  readonly pools: readonly Pool[];
  /** Whether the nodes use `ucx://` instead of `tcp://`. */
  readonly ucx: boolean;
  /** Whether every connection uses TLS with client certificates. */
  readonly tls: boolean;
  /** SSH access; absent without. */
  readonly ssh?: SshDefinition;
  /** Days until CloudWatch deletes logs. */
  readonly logRetentionDays: number;
  /** Name of an existing bucket for bundles; absent if the bucket is created for the cluster. */
  readonly artifactBucket?: string;
  /** Backups of published datasets; absent without. */
  readonly backup?: BackupDefinition;
  /** Prometheus with its alerts; absent without. */
  readonly monitoring?: Monitoring;
  /** Autoscaling of the pools; absent without. */
  readonly autoscaling?: Autoscaling;
  /** Prices that the definition gives, in USD per hour by instance type. */
  readonly prices: Readonly<Record<string, number>>;
  /** Whether the scheduler is protected from termination. */
  readonly deletionProtection: boolean;
  /** Whether instances start from baked AMIs. */
  readonly bakedImages: boolean;
  /** User scripts that run on every node. */
  readonly nodeSetup?: NodeSetupDefinition;
  /** Data of the tasks of all pools. */
  readonly data?: DataDefinition;
  /** ARNs of managed policies of the roles of all pools. */
  readonly managedPolicies?: readonly string[];
  /** ARN of the permissions boundary of all roles. */
  readonly permissionsBoundary?: string;
  /** Tags that the definition gives. */
  readonly tags: Readonly<Record<string, string>>;
  /** Location of the Terraform state. */
  readonly backend: Backend;
  /** Blocks and addresses that have their defaults, which are not valid in an existing network. */
  readonly addressDefaults: readonly AddressPath[];
}

/** Packages of the user. With none, the lockfiles of the release are used. */
export interface Environment {
  /** Requirements, as in PEP 508. */
  readonly packages: readonly string[];
  /** Path of a requirements file. */
  readonly requirements?: string;
  /** Paths of wheels. */
  readonly wheels: readonly string[];
  /** Package indexes. */
  readonly index: {
    /** Absent: PyPI. */
    readonly url?: string;
    /** URLs of additional indexes. */
    readonly extraUrls: readonly string[];
    /** Name or ARN of the secret with user and password. */
    readonly credentialsSecret?: string;
  };
  /** Folder of the lockfiles. */
  readonly lockfiles: string;
}

/** Network of a resolved cluster. */
export interface Network {
  /** CIDR blocks of the administrators. */
  readonly adminSubnets: readonly string[];
  /** Block of the VPC; with `existing` its default, which is not used. */
  readonly vpcCidr: string;
  /** Zones of a new VPC; empty with `existing`. */
  readonly zones: readonly Zone[];
  /** NAT gateways of a new VPC. */
  readonly nat: "single" | "per-zone" | "none";
  /** Whether the VPC has interface endpoints of AWS services. */
  readonly endpoints: boolean;
  /** VPC and subnets that exist; absent if the VPC is new, or in the props of `DaskCluster`. */
  readonly existing?: ExistingNetwork;
}

/** Existing network of a definition. */
export interface ExistingNetwork {
  /** Id of the VPC. */
  readonly vpcId: string;
  /** Ids of private subnets of the VPC. */
  readonly privateSubnetIds: readonly string[];
  /** Hosted zone of the scheduler's name; `false`: it has none; absent: a zone is created. */
  readonly hostedZone?: HostedZoneDefinition | false;
}

/** Availability zone with its subnets. */
export interface Zone {
  /** Name of the zone. */
  readonly name: string;
  /** Block of the instances. */
  readonly privateSubnet: string;
  /** Absent if it is neither given nor derivable from the VPC; an existing network needs none. */
  readonly publicSubnet?: string;
}

/** Scheduler of a resolved cluster. */
export interface Scheduler extends SettingsDefinition {
  /** Instance type. */
  readonly instanceType: string;
  /** Size of the root volume in GiB. */
  readonly diskGiB: number;
  /** Image of the node. */
  readonly image: Image;
  /** Name of its availability zone; absent in the existing network of a definition. */
  readonly zone?: string;
  /** Its subnet in the existing network of a definition. */
  readonly subnetId?: string;
  /** Fixed address in its subnet, which a replaced scheduler keeps; absent if EC2 chooses one. */
  readonly privateAddress?: string;
  /** Its DNS name, or its address if it has no name; known before the deployment. */
  readonly hostname: string;
  /** Facts that the definition gives about instance types. */
  readonly givenFacts?: GivenFacts;
  /** User scripts that run on its node. */
  readonly nodeSetup?: NodeSetupDefinition;
}

/** Pool of a resolved cluster. */
export type Pool = CpuPool | GpuPool;

/** Fields of both kinds of pools. */
export interface CommonPool extends SettingsDefinition, Scaling {
  /** Name of the pool. */
  readonly name: string;
  /** Instance types, in order of preference. */
  readonly instanceTypes: readonly string[];
  /** Minimum number of nodes, which the autoscaler keeps. */
  readonly minSize: number;
  /** Number of nodes of the first deployment. */
  readonly desiredSize: number;
  /** Maximum number of nodes. */
  readonly maxSize: number;
  /** Number of on-demand instances that are started before any spot instance. */
  readonly onDemandBase: number;
  /** Percentage of spot instances among those beyond `onDemandBase`. */
  readonly spotPercentage: number;
  /**
   * Memory limit of each worker process: `auto`, a share of the node's memory, a size with its unit, or `false` for
   * none.
   */
  readonly memoryLimit: Amount;
  /** Resources of each worker process. The value `threads` stands for the number of its threads. */
  readonly resources: Readonly<Record<string, number | "threads">>;
  /** Where workers write data that does not fit in memory. */
  readonly spill: {
    /** Disk that workers spill to. */
    readonly storage: "instance-store" | "ebs";
    /** Maximum that one worker process may spill; `false` for no limit. */
    readonly limit: string | false;
  };
  /** Size of the root volume in GiB. */
  readonly diskGiB: number;
  /** Image of the nodes. */
  readonly image: Image;
  /** Availability zones of its nodes; absent for all of the network. */
  readonly zones?: readonly string[];
  /** Private subnets of its nodes in the existing network of a definition; absent for all of the network. */
  readonly subnetIds?: readonly string[];
  /** Facts that the definition gives about instance types. */
  readonly givenFacts?: GivenFacts;
  /** User scripts that run on its nodes. */
  readonly nodeSetup?: NodeSetupDefinition;
  /** Data of its tasks, in addition to that of the cluster. */
  readonly data?: DataDefinition;
  /** ARNs of managed policies of its role, in addition to those of the cluster. */
  readonly managedPolicies?: readonly string[];
}

/** CPU pool of a resolved cluster. */
export interface CpuPool extends CommonPool {
  /** Kind of the pool. */
  readonly kind: "cpu";
  /** Worker processes per node. */
  readonly processes: number;
  /** Threads per process; absent: the node's vCPUs divided by `processes`. */
  readonly threads?: number;
}

/** GPU pool of a resolved cluster. */
export interface GpuPool extends CommonPool {
  /** Kind of the pool. */
  readonly kind: "gpu";
  /** Threads per worker process. */
  readonly threads: number;
  /** RMM memory pool of each GPU; `false` for none. */
  readonly rmmPool: Amount;
  /** Whether the pool uses UCX; then all nodes of the cluster do. */
  readonly ucx: boolean;
}
