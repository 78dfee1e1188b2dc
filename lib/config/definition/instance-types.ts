/** Architecture of the processors of an instance type, as EC2 names it: `arm64` is AWS Graviton. */
export type Architecture = "x86_64" | "arm64";

/** Facts about an instance type of the Nitro System, as `aws ec2 describe-instance-types` reports them. */
export interface InstanceTypeDefinition {
  /** Number of its vCPUs. */
  readonly vcpus: number;
  /** Size of its memory in MiB. */
  readonly memoryMiB: number;
  /**
   * Number of whole NVIDIA GPUs of the Turing generation or later.
   *
   * @default 0
   */
  readonly gpus?: number;
  /**
   * Memory of each GPU in MiB.
   *
   * @default - unknown: `rmmPool` is not checked
   */
  readonly gpuMemoryMiB?: number;
  /**
   * Number of NVMe instance-store disks.
   *
   * @default 0
   */
  readonly disks?: number;
  /**
   * Whether EC2 offers spot instances of this type.
   *
   * @default true
   */
  readonly spot?: boolean;
  /**
   * Architecture of its processors.
   *
   * @default "x86_64"
   */
  readonly architecture?: Architecture;
}
