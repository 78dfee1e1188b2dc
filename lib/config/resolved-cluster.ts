import type { AddressPath } from "./address-defaults";
import type { Amount } from "./amounts";
import type { Backend, Image, NodeSetupDefinition, SshDefinition } from "./definition";
import type { GivenFacts } from "./instance-types";
import type { Release } from "./releases";

/** A validated definition with every default filled in; deeply frozen. */
export interface ResolvedCluster {
  readonly name: string;
  readonly release: Release;
  readonly region: string;
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly pools: readonly Pool[];
  /** Whether the members speak `ucx://` instead of `tcp://`. */
  readonly ucx: boolean;
  /** Whether every connection is encrypted and authenticated. */
  readonly tls: boolean;
  /** A way in by SSH; absent: none. */
  readonly ssh?: SshDefinition;
  readonly logRetentionDays: number;
  /** Existing bucket for bundles; none where the cluster has one of its own. */
  readonly artifactBucket?: string;
  readonly deletionProtection: boolean;
  /** Whether machines start from an image that holds all that they would install. */
  readonly bakedImages: boolean;
  /** Scripts of the user that run on every node; absent: none. */
  readonly nodeSetup?: NodeSetupDefinition;
  readonly tags: Readonly<Record<string, string>>;
  readonly backend: Backend;
  /** Blocks and addresses that the definition leaves to defaults, which an existing network does not have. */
  readonly addressDefaults: readonly AddressPath[];
}

/** The resolved network. */
export interface Network {
  readonly adminSubnets: readonly string[];
  readonly vpcCidr: string;
  readonly zones: readonly Zone[];
  readonly nat: "single" | "per-zone" | "none";
  /** Whether the services of AWS have endpoints inside the VPC. */
  readonly endpoints: boolean;
}

/** An availability zone and its subnets. */
export interface Zone {
  readonly name: string;
  readonly privateSubnet: string;
  /** Absent where it is neither given nor can be derived from the VPC; an existing network needs none. */
  readonly publicSubnet?: string;
}

/** The resolved scheduler. */
export interface Scheduler {
  readonly instanceType: string;
  readonly diskGiB: number;
  readonly image: Image;
  /** Name of its availability zone. */
  readonly zone: string;
  /** Fixed address in the private subnet of its zone: a replaced scheduler keeps it. */
  readonly privateAddress: string;
  /** Name in the cluster's private zone, known before anything is deployed. */
  readonly hostname: string;
  /** Facts that the definition gives about instance types; absent: none. */
  readonly givenFacts?: GivenFacts;
  /** Scripts of the user that run on its node; absent: none. */
  readonly nodeSetup?: NodeSetupDefinition;
}

/** A resolved pool of either kind. */
export type Pool = CpuPool | GpuPool;

/** What resolved pools of either kind share. */
export interface CommonPool {
  readonly name: string;
  readonly instanceTypes: readonly string[];
  readonly minSize: number;
  readonly desiredSize: number;
  readonly maxSize: number;
  readonly onDemandBase: number;
  readonly spotPercentage: number;
  /** Memory limit of each worker process: `auto`, a share of the node's memory, a size with its unit, or `false` for none. */
  readonly memoryLimit: Amount;
  /** Resources of each worker process; a value of `threads` is the number of its threads. */
  readonly resources: Readonly<Record<string, number | "threads">>;
  readonly spill: { readonly storage: "instance-store" | "ebs"; readonly limit: string | false };
  readonly diskGiB: number;
  readonly image: Image;
  /** Facts that the definition gives about instance types; absent: none. */
  readonly givenFacts?: GivenFacts;
  /** Scripts of the user that run on its nodes; absent: none. */
  readonly nodeSetup?: NodeSetupDefinition;
}

/** A resolved CPU pool. */
export interface CpuPool extends CommonPool {
  readonly kind: "cpu";
  readonly processes: number;
  /** Threads per process; absent: the machine's vCPUs divided by `processes`. */
  readonly threads?: number;
}

/** A resolved GPU pool. */
export interface GpuPool extends CommonPool {
  readonly kind: "gpu";
  readonly threads: number;
  readonly rmmPool: Amount;
  readonly ucx: boolean;
}
