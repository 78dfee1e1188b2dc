import { totalmem } from "node:os";
import { formatBytes, MIN_BYTES } from "../../config/amounts";
import { MIB, parseBytes } from "../../config/bytes";
import { LocalStackError } from "../error";
import type { LocalPool } from "./pools";

/** Bytes of memory that processes may use on this computer: the limit of their control group, if it has one. */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Sets the memory limit of each pool's workers on this computer:
 *
 * - A size stays as it is.
 * - A fraction is of the memory of a node; all nodes have equal parts of the memory of the computer.
 * - The workers of pools with the limit `auto` divide the remaining memory, also with workers without a limit.
 *
 * @param memory bytes of memory of this computer
 * @throws LocalStackError if the limits exceed the memory, or a worker would have less than the minimum
 */
export function limitMemory(pools: readonly LocalPool[], memory: number): readonly LocalPool[] {
  const nodes = sum(pools.map((local) => local.nodes));
  const limitOf = ({ pool: { memoryLimit } }: LocalPool): number | undefined => {
    if (memoryLimit === "auto" || memoryLimit === false) return undefined;
    return typeof memoryLimit === "number" ? (memoryLimit * memory) / nodes : parseBytes(memoryLimit);
  };
  const taken = sum(pools.map((local) => (limitOf(local) ?? 0) * workersOf(local)));
  if (taken > memory)
    throw new LocalStackError(
      `memoryLimit: got ${formatBytes(taken)} for all workers, expected at most the ${formatBytes(memory)} of this computer. Hint: ${LOWER}, or lower memoryLimit`,
    );
  const sharing = sum(pools.filter((local) => limitOf(local) === undefined).map(workersOf));
  const auto = (memory - taken) / sharing;
  return pools.map((local) => {
    const { pool } = local;
    if (pool.memoryLimit === false || workersOf(local) === 0) return local;
    const limit = limitOf(local) ?? auto;
    if (limit < MIN_BYTES)
      throw new LocalStackError(
        `pool ${pool.name}: got ${formatBytes(limit)} of memory for each of ${workersOf(local)} workers, expected at least ${formatBytes(MIN_BYTES)}; this computer has ${formatBytes(memory)}. Hint: ${LOWER}`,
      );
    const memoryLimit =
      typeof pool.memoryLimit === "string" && pool.memoryLimit !== "auto"
        ? pool.memoryLimit
        : wholeMiB(limit);
    return { ...local, pool: { ...pool, memoryLimit } };
  });
}

const LOWER = "lower desiredSize or processes";

const workersOf = ({ nodes, workers }: LocalPool): number => nodes * workers;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const wholeMiB = (bytes: number): string => `${Math.floor(bytes / MIB)}MiB`;
