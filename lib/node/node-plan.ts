import type { Image } from "../config/definition";
import type { Bundle } from "./bundle";
import type { ImageContents } from "./image-contents";
import type { Service } from "./service";

/** What a machine is for. */
export type NodeRole = "scheduler" | "cpu-worker" | "gpu-worker";

/** The steps by which a machine becomes a member of the cluster: the tutorial's roles, and what each boot sets up. */
export type Phase =
  | "base"
  | "conda"
  | "cuda-nvidia"
  | "cuda-toolkit"
  | "configuration"
  | "certificates"
  | "dashboard"
  | "dask"
  | SetupPhase;

/** A script of the user: of the cluster, of the scheduler, or of a pool. */
export type SetupPhase = `setup-${"bake" | "boot"}${"" | "-scheduler" | "-pool"}`;

/** A file on the machine. Its owner is root: the service user writes to its own directories only. */
export interface NodeFile {
  readonly path: string;
  /** Permissions in octal. */
  readonly mode: "0644" | "0755";
  /** Text that ends with a line break. */
  readonly content: string;
}

/** What a concern adds to a machine: its packages, the phases of each boot, and what they read. */
export interface NodeFeature {
  readonly packages: readonly string[];
  readonly phases: readonly Phase[];
  readonly settings: Readonly<Record<string, string>>;
  readonly files: readonly NodeFile[];
}

/**
 * Everything that is known of a node before a deployment, as data: of the scheduler, or of each node of a pool. It
 * contains no secret. `planNodes` makes it; later steps read its fields and derive nothing from cluster and pool again.
 */
export interface NodePlan {
  /** Name in AWS, such as `dask-production--scheduler`; of a pool, also that of its Auto Scaling group. */
  readonly name: string;
  readonly role: NodeRole;
  /** First line of the user data, such as `Worker of production, pool gpu`. */
  readonly title: string;
  /** Tags that distinguish it from other nodes: cluster, role and pool. */
  readonly tags: Readonly<Record<string, string>>;
  /** Instance types, in the order of preference. */
  readonly instanceTypes: readonly string[];
  /** Size of its root volume in GiB. */
  readonly diskGiB: number;
  /** Image that it starts from: that of the definition, or a baked AMI. */
  readonly image: Image;
  /** Packages of the operating system. */
  readonly packages: readonly string[];
  /** Steps whose result an image can hold: lanes that run side by side, each with its steps in order. */
  readonly bake: readonly (readonly Phase[])[];
  /** Scripts of the user after those, whose result an image can hold too; in order. */
  readonly bakeSetup: readonly Phase[];
  /** Steps of every boot, in order. Each step has a script of its name. */
  readonly boot: readonly Phase[];
  /** Named values of the scripts, which find them in `/etc/dask/node.env`. */
  readonly settings: Readonly<Record<string, string>>;
  /** What an image for the node contains, and its digest. */
  readonly imageContents: ImageContents;
  /** Files in its user data, which download the bundle. */
  readonly stub: readonly NodeFile[];
  /** The archive that it downloads, with all of its other files. */
  readonly bundle: Bundle;
  /** Every file, of user data and bundle: the settings and the rendered units among them. */
  readonly files: readonly NodeFile[];
  /** The process of Dask's that runs on the machine. */
  readonly service: Service;
}
