import { PORTS, portArgument, workerPorts } from "../config/ports";
import { protocol } from "../config/protocol";
import type { CpuPool, GpuPool, Pool, ResolvedCluster } from "../config/resolved-cluster";
import { clusterPreloads } from "./preloads";
import { processSettings } from "./process-settings";
import type { Service, ServiceContext } from "./service";

/** Seconds that a worker looks for its scheduler before it exits and its supervisor starts it again. */
const DEATH_TIMEOUT = 120;

/** Separates the pool from the machine in a worker's name: `cpu--ip-10-20-0-17`. Pool names hold single hyphens only. */
export const POOL_SEPARATOR = "--";

/** Variable with the name of the cluster, which the preload `export_heartbeats` publishes. */
const CLUSTER = "CDKTF_DASK_CLUSTER";

/** Port of an address such as `tls://scheduler.prod.internal:8786`. */
const portOf = (address: string): string => new URL(address).port;

/** The scheduler of a cluster: `dask scheduler`. */
export function schedulerService(cluster: ResolvedCluster, context: ServiceContext): Service {
  const { preload, ...settings } = processSettings(cluster);
  return {
    name: "dask-scheduler",
    description: `Dask scheduler of ${cluster.name}`,
    argv: [
      `${context.bin}/dask`,
      "scheduler",
      ...(protocol(cluster) === "tcp" ? [] : ["--protocol", protocol(cluster)]),
      ...flag("--host", context.listen),
      "--port",
      portOf(context.schedulerAddress),
      "--dashboard-address",
      context.httpAddress,
      ...flags("--preload", [...clusterPreloads(cluster, "scheduler", context.preloads), ...preload]),
    ],
    environment: { ...environmentOf(context), [CLUSTER]: cluster.name },
    ...settings,
  };
}

/** The workers of one machine of a pool: `dask worker`, or `dask cuda worker` with one process per GPU. */
export function workerService(cluster: ResolvedCluster, pool: Pool, context: ServiceContext): Service {
  return pool.kind === "cpu" ? cpuWorkers(cluster, pool, context) : gpuWorkers(cluster, pool, context);
}

function cpuWorkers(cluster: ResolvedCluster, pool: CpuPool, context: ServiceContext): Service {
  const ports = workerPorts(cluster);
  const { preload, ...settings } = processSettings(cluster, pool);
  return {
    name: "dask-worker",
    description: `Dask workers of ${cluster.name}, pool ${pool.name}`,
    argv: [
      `${context.bin}/dask`,
      "worker",
      context.schedulerAddress,
      "--nworkers",
      String(pool.processes),
      "--nthreads",
      String(pool.threads ?? "${DASK_THREADS}"),
      ...commonFlags(pool, context),
      ...flag("--host", context.listen),
      "--worker-port",
      portArgument(ports.worker),
      "--nanny-port",
      portArgument(ports.nanny),
      // `dask worker` ignores the preloads of nannies in its configuration, and `dask cuda worker` has no flag for them.
      ...flags("--preload-nanny", clusterPreloads(cluster, "nanny", context.preloads)),
      "--dashboard-address",
      dashboardAddress(context),
      ...flags("--preload", [...clusterPreloads(cluster, "worker", context.preloads), ...preload]),
    ],
    environment: environmentOf(context),
    ...settings,
  };
}

function gpuWorkers(cluster: ResolvedCluster, pool: GpuPool, context: ServiceContext): Service {
  const { preload, ...settings } = processSettings(cluster, pool);
  return {
    name: "dask-cuda-worker",
    description: `Dask CUDA workers of ${cluster.name}, pool ${pool.name}`,
    argv: [
      `${context.bin}/dask`,
      "cuda",
      "worker",
      context.schedulerAddress,
      "--nthreads",
      String(pool.threads),
      ...commonFlags(pool, context),
      ...(pool.rmmPool === false ? [] : ["--rmm-pool-size", String(pool.rmmPool)]),
      ...flag("--host", context.listen),
      ...(cluster.release.cudaWorkerPorts
        ? ["--worker-port", portArgument(workerPorts(cluster).worker)]
        : []),
      ...flags("--preload", [...clusterPreloads(cluster, "worker", context.preloads), ...preload]),
      "--dashboard-address",
      dashboardAddress(context),
    ],
    environment: environmentOf(context),
    ...settings,
  };
}

function commonFlags(pool: Pool, context: ServiceContext): readonly string[] {
  const resources = Object.entries(pool.resources).map(
    ([name, amount]) => `${name}=${amount === "threads" ? "${DASK_THREADS}" : amount}`,
  );
  return [
    "--memory-limit",
    memoryArgument(pool),
    "--local-directory",
    context.scratch,
    "--resources",
    resources.join(" "),
    "--name",
    `${pool.name}${POOL_SEPARATOR}\${DASK_HOST}`,
    "--death-timeout",
    String(DEATH_TIMEOUT),
  ];
}

/**
 * A pool's memory limit as Dask's command line takes it; up to 1 it is a share of the node's memory, `0` no limit.
 *
 * `dask cuda worker` reads `auto` as the memory divided by the GPUs, and has a process for each. `dask worker` reads it as the
 * share of one process's threads in the node's vCPUs (`parse_memory_limit` of distributed.worker_memory, which
 * dask_cuda.cuda_worker calls with one thread and as many cores as GPUs). So a CPU pool gives the share of each process, except
 * where its one process has all threads.
 */
function memoryArgument(pool: Pool): string {
  if (pool.memoryLimit === false) return "0";
  const auto = pool.memoryLimit === "auto";
  return auto && pool.kind === "cpu" && (pool.processes > 1 || pool.threads !== undefined)
    ? String(1 / pool.processes)
    : String(pool.memoryLimit);
}

/** On this machine several workers share the interface, so each takes a free port. */
function dashboardAddress(context: ServiceContext): string {
  return context.listen === undefined ? `:${PORTS.workerDashboard.from}` : `${context.listen}:0`;
}

function environmentOf({ config, environment }: ServiceContext): Readonly<Record<string, string>> {
  return { DASK_CONFIG: config, ...environment };
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

function flags(name: string, values: readonly string[]): readonly string[] {
  return values.flatMap((value) => flag(name, value));
}
