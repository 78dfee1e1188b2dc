import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import type { Computer } from "./computer";
import { limitMemory } from "./memory";

/** A pool of the definition as it is on this machine, with the memory limit that its workers have here. */
export interface LocalPool {
  readonly pool: Pool;
  /** Machines that are acted out here: each is a program of the supervisor. */
  readonly nodes: number;
  /** Worker processes of each. */
  readonly workers: number;
}

/** A pool that this machine cannot have, and why. */
export interface AbsentPool {
  readonly name: string;
  readonly reason: string;
}

/** The pools of a cluster on this machine. */
export interface LocalPools {
  readonly present: readonly LocalPool[];
  readonly absent: readonly AbsentPool[];
}

/**
 * Which pools this machine can have. Every machine of a CPU pool is acted out; of the GPU pools, the first has all
 * GPUs as one machine, and the others are absent.
 *
 * @throws LocalStackError if the memory of this machine is not enough for the workers
 */
export function localPools(cluster: ResolvedCluster, computer: Computer): LocalPools {
  const present: LocalPool[] = [];
  const absent: AbsentPool[] = [];
  for (const pool of cluster.pools) {
    if (pool.kind === "cpu") {
      present.push({ pool, nodes: pool.desiredSize, workers: pool.processes });
      continue;
    }
    const other = present.find((local) => local.pool.kind === "gpu");
    const reason = other ? `pool ${other.pool.name} has this machine's GPUs` : whyNoGpu(cluster, computer);
    if (reason === undefined)
      present.push({ pool, nodes: Math.min(pool.desiredSize, 1), workers: computer.gpus });
    else absent.push({ name: pool.name, reason });
  }
  return { present: limitMemory(present, computer.memory), absent };
}

function whyNoGpu({ release }: ResolvedCluster, { gpus, platform, python }: Computer): string | undefined {
  if (gpus === 0) return "no GPU on this machine";
  if (release.cuda.from !== "wheels") return `release ${release.name} needs a CUDA toolkit beside its wheels`;
  if (platform !== "linux x64") return "the release's GPU lock is for Linux on x86_64";
  // Nodes run one Python, so the GPU lock was solved for that one.
  if (python.version !== release.python) return `the release's GPU lock is for Python ${release.python}`;
  return undefined;
}
