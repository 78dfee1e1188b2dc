/** Where the CUDA libraries of a GPU worker come from. */
export type CudaSource =
  /** Wheels of the release's GPU lock; the machine needs a driver only. */
  | { readonly from: "wheels"; readonly version: string }
  /** A toolkit package of NVIDIA's apt repository, for a CuPy that brings no CUDA libraries. */
  | { readonly from: "nvidia-apt"; readonly version: string; readonly package: string };

/** The UCX layer of a release, and the namespace of its settings in Dask's configuration. */
export interface UcxLayer {
  readonly package: string;
  readonly version: string;
  readonly configNamespace: string;
}

/** Versions that were resolved, locked and installed together; a cluster runs one of them on every machine. */
export interface Release {
  readonly name: ReleaseName;
  /** Python of the nodes. */
  readonly python: string;
  /** Pythons that the universal CPU lock serves, for a local stack. */
  readonly localPythons: readonly string[];
  /** dask and distributed: always the same version. */
  readonly dask: string;
  /** RAPIDS, in its own numbering. */
  readonly rapids: string;
  /** Absent where no UCX layer can be installed from wheels. */
  readonly ucx?: UcxLayer;
  /** Version of rmm; absent where it cannot be installed from wheels. */
  readonly rmm?: string;
  readonly cuda: CudaSource;
  /** NVIDIA driver branch: R580 has long-term support until June 2028. */
  readonly driverBranch: string;
  /** Whether `dask cuda worker` takes `--worker-port` (dask-cuda 26.06 and later). */
  readonly cudaWorkerPorts: boolean;
}

/** Names of the releases, newest first. */
export const RELEASE_NAMES = ["2026.7", "2024.7"] as const;

/** A name in the release catalogue. */
export type ReleaseName = (typeof RELEASE_NAMES)[number];

/** The release of a definition that names none. */
export const DEFAULT_RELEASE: ReleaseName = "2026.7";

/**
 * The release catalogue. Each entry has its locks under `locks/<name>/`, made by `npm run lock`; a test
 * compares the two and installs them.
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
  // rmm-cu12 has wheels on PyPI from 24.12 and ucx-py-cu12 has none, so this release goes without both.
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
