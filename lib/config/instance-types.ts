import type { InstanceTypeDefinition } from "./definition";
import table from "./instance-types.json";

/** Facts about an EC2 instance type on which limits, ports and rules depend. */
export interface InstanceTypeFacts {
  /** `x86_64`, or `arm64` for AWS Graviton; `arm64_mac` and `x86_64_mac` have only types that no node can have. */
  readonly architecture: string;
  /** Number of its vCPUs. */
  readonly vcpus: number;
  /** Size of its memory in MiB. */
  readonly memoryMiB: number;
  /** GPU model, for example `NVIDIA L4`; absent without GPU. */
  readonly gpu?: string;
  /** Number of whole GPUs. */
  readonly gpus: number;
  /** Memory of each GPU; absent without GPU, and if EC2 does not state it. */
  readonly gpuMemoryMiB?: number;
  /** Whether its GPU is a fraction of one (a vGPU); `gpus` is then 0. */
  readonly fractionalGpu: boolean;
  /** Accelerator other than a GPU, for example `Inferentia2`; absent without one. */
  readonly accelerator?: string;
  /** Number of NVMe instance-store disks. */
  readonly disks: number;
  /** Whether it runs on the Nitro System, with disks as NVMe devices and dedicated bandwidth for EBS. */
  readonly nitro: boolean;
  /** Whether EC2 offers spot instances of this type. */
  readonly spot: boolean;
  /** Whether it runs only on Dedicated Hosts, which have to be allocated before. */
  readonly dedicatedHosts: boolean;
}

/** A line of `instance-types.json`, which `scripts/instance_types.py` writes and describes. */
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

/** vCPUs of the largest instance type: the limit of worker processes per node. */
export const MAX_VCPUS = Math.max(
  ...Object.values<Family>(table).flatMap(({ sizes }) =>
    Object.values(sizes).map(([vcpus = 0] = []) => vcpus),
  ),
);

/**
 * Looks an instance type up in `instance-types.json`.
 *
 * @returns the facts, or `undefined` for an unknown type
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

/** A node or pool with the facts that its definition gives. */
interface WithFacts {
  readonly givenFacts?: GivenFacts;
}

/** Returns the facts about an instance type: those that the definition gives, otherwise those of `instance-types.json`. */
export function factsOf({ givenFacts }: WithFacts, instanceType: string): InstanceTypeFacts | undefined {
  return givenFacts?.[instanceType] ?? instanceTypeFacts(instanceType);
}

/** Returns the facts that a definition gives, with their defaults. */
export function givenFacts(types: Readonly<Record<string, InstanceTypeDefinition>>): GivenFacts {
  return Object.fromEntries(
    Object.entries(types).map(
      ([type, { gpus = 0, disks = 0, spot = true, architecture = "x86_64", ...given }]) => [
        type,
        {
          ...given,
          ...{ gpus, disks, spot, architecture },
          ...(gpus > 0 && { gpu: "NVIDIA" }),
          ...{ fractionalGpu: false, nitro: true, dedicatedHosts: false },
        },
      ],
    ),
  );
}

/**
 * Returns whether the lockfiles for GPUs and the open GPU driver support the type: x86_64 with an NVIDIA GPU of Turing
 * or later.
 */
export function hasUsableGpu({ architecture, gpu = "", gpus }: InstanceTypeFacts): boolean {
  return architecture === "x86_64" && gpus > 0 && gpu.startsWith("NVIDIA") && gpu !== "NVIDIA V100";
}
