import type { CudaSource } from "../config/releases";
import type { Phase } from "./node-plan";

/** Phases that a GPU needs: its driver, and the toolkit where the release's wheels do not bring CUDA. */
export function cudaPhases(cuda: CudaSource): readonly Phase[] {
  return cuda.from === "nvidia-apt" ? ["cuda-nvidia", "cuda-toolkit"] : ["cuda-nvidia"];
}

/**
 * Families whose GPUs are connected by NVSwitches on the PCI bus (EC2 User Guide, "Install NVIDIA drivers": Fabric
 * Manager for p4d, p4de, p5, p5e, p5en). Those of p6 are not on the bus.
 */
const NVSWITCH = /^p(4de?|5e?n?)\./;

/**
 * Settings of these phases: the driver to install where none works, Fabric Manager and the toolkit. The instance types
 * decide the content of an image too, because it may be baked on another type.
 */
export function cudaSettings(
  driverBranch: string,
  cuda: CudaSource,
  instanceTypes: readonly string[],
): Readonly<Record<string, string>> {
  return {
    DRIVER_BRANCH: driverBranch,
    NVSWITCH: instanceTypes.some((type) => NVSWITCH.test(type)) ? "yes" : "no",
    ...(cuda.from === "nvidia-apt" ? { CUDA_PACKAGE: cuda.package } : {}),
  };
}

/**
 * Where a worker finds CUDA: nothing to say for wheels; for a toolkit its own directory, as the image may have
 * others, and CuPy (`CUDA_PATH`) and Numba (`CUDA_HOME`) would take the newest.
 */
export function cudaEnvironment(cuda: CudaSource): Readonly<Record<string, string>> {
  if (cuda.from === "wheels") return {};
  const directory = `/usr/local/cuda-${cuda.version}`;
  return { CUDA_PATH: directory, CUDA_HOME: directory, LD_LIBRARY_PATH: `${directory}/lib64` };
}
