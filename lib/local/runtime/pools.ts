import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import type { Computer } from "./computer";
import { limitMemory } from "./memory";

/** Nodes that an elastic pool may have on a computer with fewer CPUs, so that it shows how a pool scales. */
const FEW_NODES = 3;

/** A pool on this computer, with the memory limit of its workers here. */
export interface LocalPool {
  readonly pool: Pool;
  /** Largest number of simulated nodes; each is a program of the supervisor. */
  readonly nodes: number;
  /** Nodes that start with the cluster. */
  readonly desired: number;
  /** Worker processes of each node. */
  readonly workers: number;
}

/** A pool that cannot run on this computer, and why. */
export interface AbsentPool {
  readonly name: string;
  readonly reason: string;
}

/** The pools of a local cluster. */
export interface LocalPools {
  readonly present: readonly LocalPool[];
  readonly absent: readonly AbsentPool[];
}

/**
 * Returns the pools that can run on this computer. With an autoscaler, a CPU pool has up to `maxSize` nodes, but beyond
 * `desiredSize` only as many as the computer has CPUs and memory for. The first GPU pool has one node with all GPUs; the other
 * GPU pools are absent.
 *
 * @throws LocalStackError if this computer does not have enough memory for the workers
 */
export function localPools(cluster: ResolvedCluster, computer: Computer): LocalPools {
  const present: LocalPool[] = [];
  const absent: AbsentPool[] = [];
  for (const pool of cluster.pools) {
    if (pool.kind === "cpu") {
      const useful = Math.min(pool.maxSize, Math.max(computer.cpus, FEW_NODES));
      const nodes = cluster.autoscaling ? Math.max(pool.desiredSize, useful) : pool.desiredSize;
      present.push({ pool, nodes, desired: pool.desiredSize, workers: pool.processes });
      continue;
    }
    const other = present.find((local) => local.pool.kind === "gpu");
    const reason = other
      ? `pool ${other.pool.name} uses the GPUs of this computer`
      : whyNoGpu(cluster, computer);
    const atMostOne = (size: number) => Math.min(size, 1);
    if (reason === undefined)
      present.push({
        pool,
        nodes: atMostOne(cluster.autoscaling ? pool.maxSize : pool.desiredSize),
        desired: atMostOne(pool.desiredSize),
        workers: computer.gpus,
      });
    else absent.push({ name: pool.name, reason });
  }
  return { present: limitMemory(present, computer.memory), absent };
}

function whyNoGpu({ release }: ResolvedCluster, { gpus, platform, python }: Computer): string | undefined {
  if (gpus === 0) return "no GPU on this computer";
  if (release.cuda.from !== "wheels")
    return `release ${release.name} needs a CUDA toolkit in addition to its wheels`;
  if (platform !== "linux x64") return "the GPU lockfile of the release is for Linux on x86_64";
  // Nodes have one version of Python, and the GPU lockfile is resolved for it.
  if (python.version !== release.python)
    return `the GPU lockfile of the release is for Python ${release.python}`;
  return undefined;
}
