import { join } from "node:path";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import { packageRoot } from "../../node/package-file";
import { preloadFiles } from "../../node/preloads";
import { expand, type Service, type ServiceContext } from "../../node/service";
import { POOL_SEPARATOR, schedulerService, workerService } from "../../node/services";
import { schedulerAddress } from "../addresses";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";
import { daskConfig } from "./dask-config";
import type { LocalPool } from "./pools";
import { VARIABLES_FILE, variablesFile } from "./variables";

/** A process that the supervisor runs. */
export interface Program {
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Dask configuration, preloads, and the environment variables of the definition: content by file name. */
  readonly config: Readonly<Record<string, string>>;
  /**
   * Whether the program starts with the supervisor.
   *
   * @default true
   */
  readonly autostart?: boolean;
  /**
   * Seconds after which the program counts as started.
   *
   * @default 5
   */
  readonly startSeconds?: number;
}

/**
 * Returns the programs of a local cluster, scheduler first: the services of nodes, with the paths and resources of this
 * computer. Nodes beyond the desired ones do not start with the supervisor.
 *
 * @param cpus CPUs of this computer
 */
export function localPrograms(
  cluster: ResolvedCluster,
  pools: readonly LocalPool[],
  cpus: number,
  paths: LocalPaths,
  ports: LocalPorts,
): readonly Program[] {
  // Processes of one computer do not need UCX.
  const tcpCluster = { ...cluster, ucx: false };
  const threads = String(threadsOfEach(pools, cpus));
  const program = (
    name: string,
    host: string,
    serviceOf: (context: ServiceContext) => Service,
    pool?: Pool,
  ): Program => {
    const service = serviceOf(localContext(name, tcpCluster, paths, ports));
    const resolve = (text: string) => expand(text, { DASK_HOST: host, DASK_THREADS: threads });
    const environment = Object.entries(service.environment).map(([key, value]) => [key, resolve(value)]);
    const [, ...args] = service.argv.map(resolve);
    const dask = [
      join(paths.environment, "bin", "python"),
      "-P",
      join(packageRoot(), "lib/local/runtime/run_dask.py"),
    ];
    return {
      name,
      argv: [...dask, ...withoutPinnedPorts(args)],
      environment: { ...Object.fromEntries(environment), ...onlyConfiguration(configDirectory(name, paths)) },
      config: {
        ...preloadFiles(),
        ...daskConfig(tcpCluster, paths, ports, service, configDirectory(name, paths), pool),
        ...(Object.keys(service.variables).length > 0 && { [VARIABLES_FILE]: variablesFile(service) }),
      },
    };
  };
  return [
    program("dask-scheduler", "local", (context) => schedulerService(tcpCluster, context)),
    ...pools.flatMap(({ pool, nodes, desired }) =>
      Array.from({ length: nodes }, (_, index) => {
        const host = `local-${index}`;
        const name = `${pool.name}${POOL_SEPARATOR}${host}`;
        const worker = program(name, host, (context) => workerService(tcpCluster, pool, context), pool);
        return index < desired ? worker : { ...worker, autostart: false };
      }),
    ),
  ];
}

/**
 * Removes the flags that pin ports of workers and nannies. Nodes need them for their security groups. Here, the processes of
 * all nodes and of other clusters share the ports, so each process uses a free one, Dask's default.
 */
function withoutPinnedPorts(args: readonly string[]): readonly string[] {
  const flags = ["--worker-port", "--nanny-port"];
  return args.filter((word, index) => !flags.includes(word) && !flags.includes(args[index - 1] ?? ""));
}

/** Variables with which Dask reads its configuration from one directory only, not from `/etc/dask` (dask/config.py, `_get_paths`). */
export function onlyConfiguration(directory: string): Readonly<Record<string, string>> {
  return { DASK_CONFIG: directory, DASK_ROOT_CONFIG: directory };
}

/** Directory of the Dask configuration of a program. */
export function configDirectory(name: string, paths: LocalPaths): string {
  return join(paths.config, name);
}

function localContext(
  program: string,
  cluster: ResolvedCluster,
  paths: LocalPaths,
  ports: LocalPorts,
): ServiceContext {
  return {
    bin: `${paths.environment}/bin`,
    scratch: paths.scratch,
    config: configDirectory(program, paths),
    schedulerAddress: schedulerAddress(cluster, ports),
    listen: LOOPBACK,
    // Copies, because Python writes compiled files next to them, and not into this package.
    preloads: configDirectory(program, paths),
    httpAddress: `${LOOPBACK}:${ports.dashboard}`,
  };
}

/** Threads of each CPU worker without a number of threads: an equal part of the CPUs, for the largest number of nodes. */
export function threadsOfEach(pools: readonly LocalPool[], cpus: number): number {
  const cpuPools = pools.filter(({ pool }) => pool.kind === "cpu");
  const processes = cpuPools.reduce((sum, { nodes, workers }) => sum + nodes * workers, 0);
  return Math.max(1, Math.floor(cpus / Math.max(1, processes)));
}
