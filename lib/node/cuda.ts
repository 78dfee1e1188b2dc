import type { CudaSource } from "../config/releases";
import type { BootStep } from "./node-plan";

/** Returns the steps of GPU nodes: driver, and toolkit if the wheels of the release do not contain CUDA. */
export function cudaSteps(cuda: CudaSource): readonly BootStep[] {
  return cuda.from === "nvidia-apt" ? ["cuda-nvidia", "cuda-toolkit"] : ["cuda-nvidia"];
}

/**
 * Families whose GPUs are connected by NVSwitches on the PCI bus (EC2 User Guide, "Install NVIDIA drivers": Fabric
 * Manager for p4d, p4de, p5, p5e, p5en). Those of p6 are not on the bus.
 */
const NVSWITCH = /^p(4de?|5e?n?)\./;

/**
 * Returns the settings of these steps: the driver to install if none works, Fabric Manager and the toolkit. They depend on
 * all instance types of the node, because an AMI may be baked on another type than it is used on.
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
 * Returns the environment variables with the directory of the CUDA toolkit; none with wheels. Without them, CuPy
 * (`CUDA_PATH`) and Numba (`CUDA_HOME`) would use the newest toolkit of the image.
 */
export function cudaEnvironment(cuda: CudaSource): Readonly<Record<string, string>> {
  if (cuda.from === "wheels") return {};
  const directory = `/usr/local/cuda-${cuda.version}`;
  return { CUDA_PATH: directory, CUDA_HOME: directory, LD_LIBRARY_PATH: `${directory}/lib64` };
}
