import type { InstanceTypeDefinition } from "./definition";
import table from "./instance-types.json";

/** What a definition needs to know about an EC2 instance type. */
export interface InstanceTypeFacts {
  /** For example `x86_64`, the only one that the release locks have wheels for. */
  readonly architecture: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** GPU, for example `NVIDIA L4`; absent where there is none. */
  readonly gpu?: string;
  /** Number of whole GPUs. */
  readonly gpus: number;
  /** Memory of each GPU; absent where there is none, or EC2 does not state it. */
  readonly gpuMemoryMiB?: number;
  /** Whether its GPU is a share of one (a vGPU): `gpus` is then 0. */
  readonly fractionalGpu: boolean;
  /** An accelerator that is not a GPU, for example `Inferentia2`; absent where there is none. */
  readonly accelerator?: string;
  /** Number of instance-store NVMe disks. */
  readonly disks: number;
  /** Whether it runs on the Nitro System: its disks are NVMe devices and its EBS traffic has bandwidth to itself. */
  readonly nitro: boolean;
  /** Whether EC2 sells it as spot. */
  readonly spot: boolean;
  /** Whether it runs only on Dedicated Hosts, which an account allocates first. */
  readonly dedicatedHosts: boolean;
}

/** A line of the table; `scripts/instance_types.py` says what is in it. */
interface Family {
  readonly architecture: string;
  readonly xen?: boolean;
  readonly onDemandOnly?: boolean;
  readonly dedicatedHosts?: boolean;
  readonly gpu?: string;
  readonly gpuMemoryMiB?: number;
  readonly fractionalGpu?: boolean;
  readonly accelerator?: string;
  readonly sizes: Readonly<Record<string, readonly number[] | undefined>>;
}

const FAMILIES: Readonly<Record<string, Family | undefined>> = table;

/** vCPUs of the largest x86_64 instance type: the most worker processes that a node has a vCPU for. */
export const MAX_VCPUS = Math.max(
  ...Object.values<Family>(table)
    .filter(({ architecture }) => architecture === "x86_64")
    .flatMap(({ sizes }) => Object.values(sizes).map(([vcpus = 0] = []) => vcpus)),
);

/**
 * Looks an instance type up in the table that `scripts/instance_types.py` makes from EC2's own answers.
 *
 * @returns the facts, or `undefined` for a type that is not in the table
 */
export function instanceTypeFacts(instanceType: string): InstanceTypeFacts | undefined {
  const [name = "", size = ""] = instanceType.split(".", 2);
  const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  const numbers = family && Object.hasOwn(family.sizes, size) ? family.sizes[size] : undefined;
  if (family === undefined || numbers === undefined) return undefined;
  const [vcpus = 0, memoryMiB = 0, gpus = 0, disks = 0] = numbers;
  const { architecture, gpu, gpuMemoryMiB, accelerator } = family;
  return {
    architecture,
    vcpus,
    memoryMiB,
    ...(gpu === undefined ? {} : { gpu }),
    gpus,
    ...(gpuMemoryMiB === undefined ? {} : { gpuMemoryMiB }),
    fractionalGpu: family.fractionalGpu ?? false,
    ...(accelerator === undefined ? {} : { accelerator }),
    disks,
    nitro: !family.xen,
    spot: !family.onDemandOnly,
    dedicatedHosts: family.dedicatedHosts ?? false,
  };
}

/** Facts about instance types that a definition gives, by type. */
export type GivenFacts = Readonly<Record<string, InstanceTypeFacts>>;

/** What gives facts about its instance types. */
interface WithFacts {
  readonly givenFacts?: GivenFacts;
}

/** Returns the facts about an instance type of a node: those that the definition gives, otherwise those of the table. */
export function factsOf({ givenFacts }: WithFacts, instanceType: string): InstanceTypeFacts | undefined {
  return givenFacts?.[instanceType] ?? instanceTypeFacts(instanceType);
}

/** Returns the facts that a definition gives, with defaults. */
export function givenFacts(types: Readonly<Record<string, InstanceTypeDefinition>>): GivenFacts {
  return Object.fromEntries(
    Object.entries(types).map(([type, { gpus = 0, disks = 0, spot = true, ...given }]) => [
      type,
      {
        ...given,
        ...{ gpus, disks, spot },
        ...(gpus > 0 && { gpu: "NVIDIA" }),
        ...{ architecture: "x86_64", fractionalGpu: false, nitro: true, dedicatedHosts: false },
      },
    ]),
  );
}

/** Whether CUDA release locks and the open driver run on it: an x86_64 machine with an NVIDIA GPU of Turing or later. */
export function hasUsableGpu({ architecture, gpu = "", gpus }: InstanceTypeFacts): boolean {
  return architecture === "x86_64" && gpus > 0 && gpu.startsWith("NVIDIA") && gpu !== "NVIDIA V100";
}
