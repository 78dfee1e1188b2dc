import type { CudaSource } from "../cluster/releases";

/** Settings of the phase `cuda-nvidia`: the driver to install where none works, and the toolkit if any. */
export function cudaSettings(driverBranch: string, cuda: CudaSource): Readonly<Record<string, string>> {
  return {
    DRIVER_BRANCH: driverBranch,
    CUDA_PACKAGE: cuda.from === "nvidia-apt" ? cuda.package : "",
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
