/** Facts about an x86_64 instance type of the Nitro System that this version does not know. */
export interface InstanceTypeDefinition {
  readonly vcpus: number;
  readonly memoryMiB: number;
  /**
   * Number of whole NVIDIA GPUs, of Turing or later.
   *
   * @default 0
   */
  readonly gpus?: number;
  /**
   * Memory of each GPU.
   *
   * @default - unknown: an `rmmPool` is not checked
   */
  readonly gpuMemoryMiB?: number;
  /**
   * Number of NVMe disks of the instance store.
   *
   * @default 0
   */
  readonly disks?: number;
  /**
   * Whether EC2 offers it as spot.
   *
   * @default true
   */
  readonly spot?: boolean;
}
