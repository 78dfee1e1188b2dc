import { totalmem } from "node:os";
import { formatBytes, MIN_BYTES } from "../../config/amounts";
import { GIB, MIB, parseBytes } from "../../config/bytes";
import { LocalStackError } from "../error";
import type { LocalPool } from "./pools";

/** Bytes of memory that processes may use on this computer: the limit of their control group, if it has one. */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Least memory of each worker for which a pool has more nodes than `desiredSize`, unless its `memoryLimit` is a size. */
const ELASTIC_BYTES = GIB;

/**
 * Sets the memory limit of each pool's workers on this computer:
 *
 * - A size stays as it is.
 * - A fraction is of the memory of a node; all nodes have equal parts of the memory of the computer.
 * - The workers of pools with the limit `auto` divide the remaining memory, also with workers without a limit.
 *
 * Pools with more nodes than desired have fewer if the memory does not suffice.
 *
 * @param memory bytes of memory of this computer
 * @throws LocalStackError if the limits of the desired nodes exceed the memory, or a worker would have less than the minimum
 */
export function limitMemory(pools: readonly LocalPool[], memory: number): readonly LocalPool[] {
  const elastic = pools.filter(({ nodes, desired }) => nodes > desired);
  const largest = elastic.toSorted((one, other) => other.nodes - one.nodes)[0];
  const limited = limits(pools, memory, largest ? ELASTIC_BYTES : MIN_BYTES);
  if (!(limited instanceof LocalStackError)) return limited;
  if (largest === undefined) throw limited;
  const fewer = { ...largest, nodes: largest.nodes - 1 };
  return limitMemory(
    pools.map((local) => (local === largest ? fewer : local)),
    memory,
  );
}

/** Sets the memory limits of these nodes, or returns why the memory does not suffice. */
function limits(
  pools: readonly LocalPool[],
  memory: number,
  least: number,
): readonly LocalPool[] | LocalStackError {
  const nodes = sum(pools.map((local) => local.nodes));
  const limitOf = ({ pool: { memoryLimit } }: LocalPool): number | undefined => {
    if (memoryLimit === "auto" || memoryLimit === false) return undefined;
    return typeof memoryLimit === "number" ? (memoryLimit * memory) / nodes : parseBytes(memoryLimit);
  };
  const taken = sum(pools.map((local) => (limitOf(local) ?? 0) * workersOf(local)));
  if (taken > memory)
    return new LocalStackError(
      `memoryLimit: got ${formatBytes(taken)} for all workers, expected at most the ${formatBytes(memory)} of this computer. Hint: ${LOWER}, or lower memoryLimit`,
    );
  const sharing = sum(pools.filter((local) => limitOf(local) === undefined).map(workersOf));
  const auto = (memory - taken) / sharing;
  const limited: LocalPool[] = [];
  for (const local of pools) {
    const { pool } = local;
    if (pool.memoryLimit === false || workersOf(local) === 0) {
      limited.push(local);
      continue;
    }
    const limit = limitOf(local) ?? auto;
    const isSize = typeof pool.memoryLimit === "string" && pool.memoryLimit !== "auto";
    if (limit < (isSize ? MIN_BYTES : least))
      return new LocalStackError(
        `pool ${pool.name}: got ${formatBytes(limit)} of memory for each of ${workersOf(local)} workers, expected at least ${formatBytes(MIN_BYTES)}; this computer has ${formatBytes(memory)}. Hint: ${LOWER}`,
      );
    limited.push({ ...local, pool: { ...pool, memoryLimit: isSize ? pool.memoryLimit : wholeMiB(limit) } });
  }
  return limited;
}

const LOWER = "lower desiredSize or processes";

const workersOf = ({ nodes, workers }: LocalPool): number => nodes * workers;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const wholeMiB = (bytes: number): string => `${Math.floor(bytes / MIB)}MiB`;
