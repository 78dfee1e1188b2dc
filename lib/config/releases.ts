/** Source of the CUDA libraries of a GPU node. */
export type CudaSource =
  | {
      /** Wheels in the lockfile for GPU nodes; the image needs only a driver. */
      readonly from: "wheels";
      /** Version of CUDA. */
      readonly version: string;
    }
  | {
      /** Toolkit package of NVIDIA's apt repository, for a CuPy whose wheels do not contain the CUDA libraries. */
      readonly from: "nvidia-apt";
      /** Version of CUDA. */
      readonly version: string;
      /** Name of the package. */
      readonly package: string;
    };

/** Package that adds UCX to Dask, and the namespace of its settings in the Dask configuration. */
export interface UcxLayer {
  /** Name of the package. */
  readonly package: string;
  /** Version of the package. */
  readonly version: string;
  /** Namespace of its settings. */
  readonly configNamespace: string;
}

/** Versions that are locked together. All but the GPU lockfile of 2024.7 are also tested. All nodes of a cluster have the same release. */
export interface Release {
  /** Name of the release. */
  readonly name: ReleaseName;
  /** Python version of the nodes. */
  readonly python: string;
  /** Python versions that the lockfile for local stacks supports. */
  readonly localPythons: readonly string[];
  /** Version of dask and of distributed. */
  readonly dask: string;
  /** Version of RAPIDS. */
  readonly rapids: string;
  /** Absent if no wheels of it exist. */
  readonly ucx?: UcxLayer;
  /** Version of rmm; absent if no wheels of it exist. */
  readonly rmm?: string;
  /** Source of the CUDA libraries. */
  readonly cuda: CudaSource;
  /** NVIDIA driver branch: R580 has long-term support until June 2028. */
  readonly driverBranch: string;
  /** Whether `dask cuda worker` supports `--worker-port` (dask-cuda 26.06 and later). */
  readonly cudaWorkerPorts: boolean;
}

/** Names of the releases, newest first. */
export const RELEASE_NAMES = ["2026.7", "2024.7"] as const;

/** Name of a release. */
export type ReleaseName = (typeof RELEASE_NAMES)[number];

/** Default release. */
export const DEFAULT_RELEASE: ReleaseName = "2026.7";

/**
 * Release catalogue. Each release has its lockfiles in `locks/<name>/`, which `npm run lock:releases` writes;
 * `npm run test:releases` installs them and compares the versions.
 */
export const RELEASES: Readonly<Record<ReleaseName, Release>> = {
  "2026.7": {
    name: "2026.7",
    python: "3.12",
    localPythons: ["3.12", "3.13", "3.11"],
    dask: "2026.7.1",
    rapids: "26.10",
    ucx: { package: "distributed-ucxx-cu12", version: "0.52.0", configNamespace: "distributed-ucxx" },
    rmm: "26.10.0",
    cuda: { from: "wheels", version: "12.9" },
    driverBranch: "580",
    cudaWorkerPorts: true,
  },
  // rmm-cu12 has wheels on PyPI from 24.12 and ucx-py-cu12 has none, so this release has neither.
  "2024.7": {
    name: "2024.7",
    python: "3.11",
    localPythons: ["3.11", "3.12"],
    dask: "2024.7.1",
    rapids: "24.08",
    cuda: { from: "nvidia-apt", version: "12.6", package: "cuda-toolkit-12-6" },
    driverBranch: "580",
    cudaWorkerPorts: false,
  },
};
