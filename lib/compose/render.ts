import { stringify } from "yaml";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { ValidationError } from "../config/validation-error";
import { daskConfig } from "../node/dask-config";
import { PYTHON } from "../node/node-files";
import { packageFile } from "../node/package-file";
import { type Packages, readPackages } from "../node/packages/read-packages";
import { pythonSources } from "../node/python-files";
import { schedulerService, workerService } from "../node/services";
import { clientConfig } from "./client-config";
import { CONTEXT, dockerfile } from "./images";
import { monitoringFiles } from "./monitoring";
import { type ComposePool, composePools, type LeftOut } from "./pools";
import { composeFile, SMOKE_TEST } from "./services";
import {
  CONFIG,
  type ComposePorts,
  composeContext,
  composeSite,
  DEFAULT_PORTS,
  SCHEDULER,
  withoutUcx,
} from "./site";

/** First line of `compose.yaml`, by which `npx cdktf-dask compose` knows its own folders. */
export const HEADER =
  "# Written by `npx cdktf-dask compose`: change the definition, then run the command again.";

/** Parts of the Python package that containers run. */
const PYTHON_PARTS = [
  "cdktf_dask/__init__.py",
  "cdktf_dask/preloads",
  "cdktf_dask/smoke_test",
  "cdktf_dask/tls",
];

/** Files for Docker Compose. */
export interface ComposeProject {
  /** Content by path in the folder. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Pools without service. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Returns the files of a cluster for Docker Compose: `compose.yaml`, and the folder `image` with Dockerfiles, lockfiles,
 * configuration and Python package. They contain no secret.
 *
 * @param ports ports of this computer; by default 8786 and 8787
 * @throws ValidationError for pools with the name of another service, for wheels that nodes cannot install, and for
 * lockfiles that are missing or are not those of the definition
 */
export function renderCompose(given: ResolvedCluster, ports: ComposePorts = DEFAULT_PORTS): ComposeProject {
  const cluster = withoutUcx(given);
  const { present, leftOut } = composePools(cluster);
  const packages = readPackages(cluster);
  if (packages.issues.length > 0) throw new ValidationError(cluster.name, packages.issues);
  const files = new Map<string, string | Uint8Array>([
    ["compose.yaml", composeYaml(cluster, present, ports)],
    // The client's certificate is copied there.
    [".gitignore", ".dask/\n"],
    ...imageFiles(cluster, present, packages).map(
      ([path, content]) => [`${CONTEXT}/${path}`, content] as const,
    ),
    ...configuration(cluster, present, ports).map(
      ([path, content]) => [`${CONTEXT}/config/${path}`, content] as const,
    ),
  ]);
  return { files, leftOut };
}

/** Quotes all texts that a parser of YAML 1.1 would read as another type. */
function composeYaml(cluster: ResolvedCluster, pools: readonly ComposePool[], ports: ComposePorts): string {
  const text = stringify(composeFile(cluster, pools, ports), {
    version: "1.1",
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return `${HEADER}\n${text}`;
}

type File = readonly [path: string, content: string | Uint8Array];

function imageFiles(
  cluster: ResolvedCluster,
  pools: readonly ComposePool[],
  packages: Packages,
): readonly File[] {
  const kinds = pools.some(({ pool }) => pool.kind === "gpu")
    ? (["cpu", "gpu"] as const)
    : (["cpu"] as const);
  const { lockfiles, wheels } = packages;
  return [
    ...kinds.map((kind): File => [`Dockerfile.${kind}`, dockerfile(cluster, kind, wheels)]),
    ...kinds.map((kind): File => [`packages/${kind}.txt`, lockfiles[kind]]),
    ["packages/uv.txt", packageFile("locks/tools/uv.txt")],
    ...wheels.map(({ basename, content }): File => [`packages/wheels/${basename}`, content]),
    ...(cluster.monitoring ? Object.entries(monitoringFiles(cluster, cluster.monitoring)) : []),
    ...PYTHON_PARTS.flatMap(pythonSources).map(
      ({ path, content }): File => [`python/${path.slice(PYTHON.length + 1)}`, content],
    ),
  ];
}

/** Returns the configuration of each service, by its path below `/etc/dask`. */
function configuration(
  cluster: ResolvedCluster,
  pools: readonly ComposePool[],
  ports: ComposePorts,
): readonly File[] {
  const site = composeSite(ports);
  const context = composeContext(cluster, SCHEDULER);
  const ofScheduler = daskConfig(cluster, context, false, schedulerService(cluster, context), site);
  const ofPools = pools.flatMap(({ pool }) => {
    const own = composeContext(cluster, pool.name);
    return daskConfig(cluster, own, pool.spill.limit, workerService(cluster, pool, own), site);
  });
  return [
    ...[...ofScheduler, ...ofPools].map(
      ({ path, content }): File => [path.slice(CONFIG.length + 1), content],
    ),
    ...Object.entries(clientConfig(cluster, pools)).map(
      ([name, content]): File => [`${SMOKE_TEST}/${name}`, content],
    ),
  ];
}
