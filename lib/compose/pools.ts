import { MIB, parseBytes } from "../config/bytes";
import { factsOf } from "../config/instance-types";
import { maxProcesses } from "../config/processes";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";
import { ValidationError, type ValidationIssue } from "../config/validation-error";

/** Names of services that no pool may have. */
const RESERVED = ["certificates", "smoke-test", "prometheus", "alertmanager", "grafana"];

/** Memory of a container beyond its workers': the nanny takes 81 MiB (measured), `/tmp` is memory too. */
const OVERHEAD_BYTES = 512 * MIB;

/** Defaults of a pool whose definition leaves them to the size of its nodes. */
const DEFAULT_THREADS = 2;
const DEFAULT_PROCESS_BYTES = 2048 * MIB;

/** A pool as a service of Compose. `${NAME:-default}` is a variable that `docker compose` replaces. */
export interface ComposePool {
  /** The pool with the memory limit of its workers in a container. */
  readonly pool: Pool;
  /** Number of containers. */
  readonly replicas: number;
  /** Threads of each worker process. */
  readonly threads: string;
  /** Memory limit of a container; absent if its workers have none. */
  readonly memory?: string;
}

/** A pool without service, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/**
 * Returns the pools of a cluster as services. The first GPU pool has one container with all GPUs of the computer, so the
 * other GPU pools are left out.
 *
 * @throws ValidationError for a pool with the name of another service
 */
export function composePools(cluster: ResolvedCluster): {
  readonly present: readonly ComposePool[];
  readonly leftOut: readonly LeftOut[];
} {
  checkNames(cluster);
  const first = cluster.pools.find(({ kind }) => kind === "gpu");
  const others = cluster.pools.filter((pool) => pool.kind === "gpu" && pool !== first);
  return {
    present: cluster.pools.filter((pool) => !others.includes(pool)).map(composePool),
    leftOut: others.map(({ name }) => ({ name, reason: `pool ${first?.name} has the GPUs of the computer` })),
  };
}

/** Returns the name of a variable of a pool, such as `CPU_THREADS`. */
function variable({ name }: Pool, setting: string): string {
  return `${name.replaceAll("-", "_").toUpperCase()}_${setting}`;
}

function composePool(pool: Pool): ComposePool {
  const memory = containerMemory(pool);
  return {
    // Dask takes a share from the limit of the container, but `auto` from the CPUs of the computer.
    pool:
      pool.kind === "cpu" && pool.memoryLimit === "auto"
        ? { ...pool, memoryLimit: 1 / pool.processes }
        : pool,
    replicas: pool.kind === "gpu" ? 1 : pool.desiredSize,
    threads:
      pool.threads === undefined
        ? `\${${variable(pool, "THREADS")}:-${DEFAULT_THREADS}}`
        : String(pool.threads),
    ...(memory !== undefined && { memory }),
  };
}

/**
 * Returns the memory limit of a container: that of its workers, if the definition has a size. Otherwise it depends on the
 * computer, so it is a variable. A GPU container is the only one, and may have as much as the pool's smallest node.
 */
function containerMemory(pool: Pool): string | undefined {
  const { memoryLimit } = pool;
  if (memoryLimit === false) return undefined;
  const processes = maxProcesses(pool);
  if (typeof memoryLimit === "string" && memoryLimit !== "auto")
    return mebibytes((parseBytes(memoryLimit) ?? 0) * processes + OVERHEAD_BYTES);
  const bytes =
    pool.kind === "gpu"
      ? Math.min(...pool.instanceTypes.map((type) => memoryOf(pool, type)))
      : DEFAULT_PROCESS_BYTES * processes;
  return `\${${variable(pool, "MEMORY")}:-${mebibytes(bytes)}}`;
}

function memoryOf(pool: Pool, instanceType: string): number {
  return (factsOf(pool, instanceType)?.memoryMiB ?? 0) * MIB || Number.POSITIVE_INFINITY;
}

/** In the notation of Docker, whose `M` are MiB. */
function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MIB)}M`;
}

function checkNames({ name, pools }: ResolvedCluster): void {
  const issues: readonly ValidationIssue[] = pools.flatMap((pool, index) =>
    RESERVED.includes(pool.name)
      ? [
          {
            path: `pools[${index}].name`,
            value: pool.name,
            expected: `another name than ${RESERVED.join(", ")}, which are services of Compose`,
            hint: "rename the pool",
          },
        ]
      : [],
  );
  if (issues.length > 0) throw new ValidationError(name, issues);
}
