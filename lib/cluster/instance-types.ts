import table from "./instance-types.json";

/** What a definition needs to know about an EC2 instance type. */
export interface InstanceTypeFacts {
  /** For example `x86_64`; the release locks hold wheels for that one alone. */
  readonly architecture: string;
  /** Accelerator, for example `NVIDIA L4`; absent where there is none. */
  readonly gpu?: string;
  /** Number of GPUs. */
  readonly gpus: number;
  /** Number of instance-store NVMe disks. */
  readonly disks: number;
}

interface Family {
  readonly architecture: string;
  readonly gpu?: string;
  readonly sizes: Readonly<Record<string, readonly number[] | undefined>>;
}

const FAMILIES: Readonly<Record<string, Family | undefined>> = table;

/**
 * Looks an instance type up in the table that `scripts/instance_types.py` makes from EC2's own answers.
 *
 * @returns the facts, or `undefined` for a type the table does not hold
 */
export function instanceTypeFacts(instanceType: string): InstanceTypeFacts | undefined {
  const [family = "", size = ""] = instanceType.split(".", 2);
  const { architecture, gpu, sizes } = FAMILIES[family] ?? {};
  const [gpus = 0, disks = 0] = sizes?.[size] ?? [];
  if (architecture === undefined || sizes?.[size] === undefined) return undefined;
  return { architecture, gpus, disks, ...(gpu === undefined ? {} : { gpu }) };
}

/** Whether CUDA release locks and the open driver run on it: an x86_64 machine with an NVIDIA GPU of Turing or later. */
export function hasUsableGpu({ architecture, gpu = "", gpus }: InstanceTypeFacts): boolean {
  return architecture === "x86_64" && gpus > 0 && gpu.startsWith("NVIDIA") && gpu !== "NVIDIA V100";
}
