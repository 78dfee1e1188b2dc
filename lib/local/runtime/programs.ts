import { join } from "node:path";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import { packageRoot } from "../../node/package-file";
import { expand, type Service, type ServiceContext } from "../../node/service";
import { POOL_SEPARATOR, schedulerService, workerService } from "../../node/services";
import { schedulerAddress } from "../addresses";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";
import { daskConfig, reloadScript } from "./dask-config";
import type { LocalPool } from "./pools";

/** A process that the supervisor keeps. */
export interface Program {
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Dask's configuration: content by the file's name. */
  readonly config: Readonly<Record<string, string>>;
}

/**
 * The programs of a cluster on this machine, scheduler first: the services that machines on AWS run, with this
 * machine's paths and facts put in.
 *
 * @param cpus CPUs of this machine
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
  const threads = threadsOfEach(pools, cpus);
  const program = (
    name: string,
    host: string,
    serviceOf: (context: ServiceContext) => Service,
    pool?: Pool,
  ): Program => {
    const service = serviceOf(localContext(name, tcpCluster, paths, ports));
    const put = (text: string) => expand(text, { DASK_HOST: host, DASK_THREADS: threads });
    const environment = Object.entries(service.environment).map(([key, value]) => [key, put(value)]);
    const [, ...args] = service.argv.map(put);
    const dask = [
      join(paths.environment, "bin", "python"),
      "-P",
      join(packageRoot(), "lib/local/runtime/run_dask.py"),
    ];
    return {
      name,
      argv: [...dask, ...withoutPinnedPorts(args)],
      environment: { ...Object.fromEntries(environment), ...onlyConfiguration(configDirectory(name, paths)) },
      config: daskConfig(tcpCluster, paths, ports, pool),
    };
  };
  return [
    program("dask-scheduler", "local", (context) => schedulerService(tcpCluster, context)),
    ...pools.flatMap(({ pool, nodes }) =>
      Array.from({ length: nodes }, (_, index) => {
        const host = `local-${index}`;
        const name = `${pool.name}${POOL_SEPARATOR}${host}`;
        return program(name, host, (context) => workerService(tcpCluster, pool, context), pool);
      }),
    ),
  ];
}

/**
 * On a node a firewall knows the ports of workers. Here nothing does, and every node's processes share them with those of
 * other clusters on this machine, so each process takes a free port: without these flags, Dask's default.
 */
function withoutPinnedPorts(args: readonly string[]): readonly string[] {
  const flags = ["--worker-port", "--nanny-port"];
  return args.filter((word, index) => !flags.includes(word) && !flags.includes(args[index - 1] ?? ""));
}

/** Makes Dask read its configuration from one directory, and not from `/etc/dask` (dask/config.py, `_get_paths`). */
export function onlyConfiguration(directory: string): Readonly<Record<string, string>> {
  return { DASK_CONFIG: directory, DASK_ROOT_CONFIG: directory };
}

/** Where Dask's configuration of a program lies. */
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
    ...(cluster.tls && { reload: reloadScript(paths) }),
    httpAddress: `${LOOPBACK}:${ports.dashboard}`,
  };
}

/** CPU workers that do not say how many threads they want share the CPUs. */
function threadsOfEach(pools: readonly LocalPool[], cpus: number): string {
  const cpuPools = pools.filter(({ pool }) => pool.kind === "cpu");
  const processes = cpuPools.reduce((sum, { nodes, workers }) => sum + nodes * workers, 0);
  return String(Math.max(1, Math.floor(cpus / Math.max(1, processes))));
}
