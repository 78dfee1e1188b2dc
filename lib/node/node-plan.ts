import type { Architecture, Image } from "../config/definition";
import type { ArchiveFile } from "./archive";
import type { Bundle } from "./bundle";
import type { ImageContents } from "./image-contents";
import type { Service } from "./service";

/** Kind of a node, not its IAM role; exported as `NodeKind`. */
export type NodeRole = "scheduler" | "cpu-worker" | "gpu-worker";

/** Step of a node's bootstrap. */
export type BootStep =
  | "base"
  | "conda"
  | "cuda-nvidia"
  | "cuda-toolkit"
  | "configuration"
  | "certificates"
  | "dashboard"
  | "monitoring"
  | "variables"
  | "dask"
  | SetupStep;

/** Step that runs a user script of the cluster, of the scheduler, or of a pool. */
export type SetupStep = `setup-${"bake" | "boot"}${"" | "-scheduler" | "-pool"}`;

/** File of a node. Its owner is root. */
export interface NodeFile {
  /** Absolute path on the node. */
  readonly path: string;
  /** Permissions in octal. */
  readonly mode: "0644" | "0755";
  /** Text that ends with a line break. */
  readonly content: string;
}

/** Feature of some nodes: packages, steps of each boot, and the settings and files of these steps. */
export interface NodeFeature {
  readonly packages: readonly string[];
  readonly steps: readonly BootStep[];
  /**
   * Steps after the start of Dask's service, which runs also if they fail at a later boot.
   *
   * @default - none
   */
  readonly lastSteps?: readonly BootStep[];
  readonly settings: Readonly<Record<string, string>>;
  readonly files: readonly NodeFile[];
}

/**
 * Plan of a node: everything that is known of the scheduler, or of each node of a pool, before a deployment. It contains no
 * secret. `planNodes` returns it; constructs read its fields instead of deriving them again.
 */
export interface NodePlan {
  /** Name in AWS, such as `dask-production--scheduler`; for a pool, also the name of its Auto Scaling group. */
  readonly name: string;
  /** Kind of the node. */
  readonly role: NodeRole;
  /** First line of the user data, such as `Worker of production, pool gpu`. */
  readonly title: string;
  /** Tags with cluster, role and pool. */
  readonly tags: Readonly<Record<string, string>>;
  /** Instance types, in order of preference. */
  readonly instanceTypes: readonly string[];
  /** Architecture of these types. It decides the AMI of Ubuntu, and the installer of conda. */
  readonly architecture: Architecture;
  /** Size of its root volume in GiB. */
  readonly diskGiB: number;
  /** Image that it starts from: that of the definition, or a baked AMI. */
  readonly image: Image;
  /** Packages of the operating system. */
  readonly packages: readonly string[];
  /** Steps whose result an image can contain: groups that run in parallel, each with its steps in order. */
  readonly bake: readonly (readonly BootStep[])[];
  /** User scripts that run after `bake`, in order. An image can contain their result. */
  readonly bakeSetup: readonly BootStep[];
  /** Steps of every boot, in order. Each has a script of its name. */
  readonly boot: readonly BootStep[];
  /** Wheels of the user. */
  readonly wheels: readonly ArchiveFile[];
  /** Environment variables of the scripts, in `/etc/dask/node.env`. */
  readonly settings: Readonly<Record<string, string>>;
  /** What an image for the node contains, and its digest. */
  readonly imageContents: ImageContents;
  /** Files in the user data, which download the bundle. */
  readonly stub: readonly NodeFile[];
  /** Archive with all other files, which the node downloads. */
  readonly bundle: Bundle;
  /** All files of user data and bundle. */
  readonly files: readonly NodeFile[];
  /** Process of Dask on the node. */
  readonly service: Service;
}
