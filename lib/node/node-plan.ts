import type { Lockfile } from "./lockfile";
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
  | "dask";

/** A file on the machine. Its owner is root: the service user writes to its own directories only. */
export interface NodeFile {
  readonly path: string;
  /** Permissions in octal. */
  readonly mode: "0644" | "0755";
  /** Text that ends with a line break. */
  readonly content: string;
}

/** What a concern adds to a machine: its packages, the phases of each boot, and what they read. */
export interface NodePart {
  readonly packages: readonly string[];
  readonly phases: readonly Phase[];
  readonly settings: Readonly<Record<string, string>>;
  readonly files: readonly NodeFile[];
}

/**
 * What one machine becomes, as data: pure, and the same for every machine of a role or pool. It holds no secret
 * and nothing that is known only after a deployment.
 */
export interface NodePlan {
  readonly role: NodeRole;
  /** What a person reads at the head of the user data, such as `Worker of production, pool gpu`. */
  readonly title: string;
  /** Packages of the operating system. */
  readonly packages: readonly string[];
  /** Steps whose result an image can hold: lanes that run side by side, each with its steps in order. */
  readonly bake: readonly (readonly Phase[])[];
  /** Steps of every boot, in order. Each step has a script of its name. */
  readonly boot: readonly Phase[];
  /** Named values of the scripts, which find them in `/etc/dask/node.env`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Exact packages of its Python environment, which are in an SSM parameter. */
  readonly lockfile: Lockfile;
  /** Every file, the settings and the rendered units among them. */
  readonly files: readonly NodeFile[];
  /** The process of Dask's that runs on the machine. */
  readonly service: Service;
}
