import type { CudaSource } from "../config/releases";
import type { Environment, ResolvedCluster } from "../config/resolved-cluster";
import { cudaEnvironment } from "../node/cuda";
import { NODE_PEM, nodeContext } from "../node/node-context";
import { PYTHON } from "../node/node-files";
import type { LockKind } from "../node/packages/lockfile";
import { renderTemplate } from "../node/template";
import { CONFIG } from "./site";

/** Numeric id of user and group `dask`, which no user of an operating system has. */
export const USER = 10001;

/** Directory of the certificates: that of a node. */
export const TLS = NODE_PEM.slice(0, NODE_PEM.lastIndexOf("/"));

/** Working directory of all services, and parent of the scratch directory. */
export const HOME = "/var/lib/dask";

/** Folder with the Dockerfiles and all that they copy, next to `compose.yaml`. */
export const CONTEXT = "image";

/** Build secrets: the names of variables with the paths of their files, and what they are. */
export const BUILD_SECRETS = { certificates: "BUILD_CERTIFICATES", netrc: "BUILD_NETRC" } as const;

/** Returns the name of the image for a kind of services. */
export function imageName({ name, release }: ResolvedCluster, kind: LockKind): string {
  return `cdktf-dask/${name}-${kind}:${release.name}`;
}

/** Returns the public image that containers start from. The Python of all containers has to be the same. */
export function baseImage({ release }: ResolvedCluster): string {
  return `python:${release.python}-slim-trixie`;
}

/**
 * Returns the image whose CUDA toolkit is copied, for a release whose wheels do not contain CUDA. CuPy compiles kernels with
 * the headers of the toolkit, and Numba with its NVVM; only the variant `devel` has them.
 */
export function cudaImage(cuda: CudaSource): string | undefined {
  return cuda.from === "wheels" ? undefined : `nvidia/cuda:${cuda.version}.3-devel-ubuntu24.04`;
}

/** Returns the section `build` of the service that builds an image. */
export function build(cluster: ResolvedCluster, kind: LockKind): Readonly<Record<string, unknown>> {
  const { url, extraUrls } = cluster.environment.index;
  const cuda = kind === "gpu" ? cudaImage(cluster.release.cuda) : undefined;
  return {
    context: CONTEXT,
    dockerfile: `Dockerfile.${kind}`,
    args: {
      BASE: `\${${kind.toUpperCase()}_BASE:-${baseImage(cluster)}}`,
      ...(cuda !== undefined && { CUDA: `\${CUDA_IMAGE:-${cuda}}` }),
      // The index of the definition; otherwise that of the user.
      PIP_INDEX_URL: url ?? "${PIP_INDEX_URL:-}",
      PIP_EXTRA_INDEX_URL: extraUrls.length > 0 ? extraUrls.join(" ") : "${PIP_EXTRA_INDEX_URL:-}",
    },
    secrets: Object.keys(BUILD_SECRETS),
  };
}

/** Returns the Dockerfile for a kind of services. */
export function dockerfile(
  cluster: ResolvedCluster,
  kind: LockKind,
  wheels: Environment["wheels"] | readonly unknown[],
): string {
  const { bin, scratch } = nodeContext(cluster);
  const cuda = kind === "gpu" ? cudaImage(cluster.release.cuda) : undefined;
  const directory = cudaEnvironment(cluster.release.cuda).CUDA_PATH;
  return renderTemplate("docker/Dockerfile", {
    TITLE: `Image of the ${kind.toUpperCase()} containers of ${cluster.name}, release ${cluster.release.name}.`,
    PYTHON: cluster.release.python,
    BASE: baseImage(cluster),
    CUDA:
      cuda === undefined
        ? ""
        : `# Image with the CUDA toolkit.\nARG CUDA=${cuda}\n\nFROM \${CUDA} AS cuda\nRUN find ${directory}/ -name '*.a' -delete\n`,
    COPY_CUDA: cuda === undefined ? "" : `COPY --from=cuda ${directory} ${directory}\n`,
    ENVIRONMENT: bin.slice(0, bin.lastIndexOf("/")),
    FIND_LINKS: wheels.length > 0 ? " --find-links /packages/wheels" : "",
    LOCKFILE: `${kind}.txt`,
    LIBRARY: PYTHON,
    CONFIG,
    HOME,
    SCRATCH: scratch,
    TLS,
    USER: String(USER),
  });
}
