import { totalmem } from "node:os";
import { formatBytes, MIN_BYTES } from "../../config/amounts";
import { MIB, parseBytes } from "../../config/bytes";
import { LocalStackError } from "../error";
import type { LocalPool } from "./pools";

/** Bytes of memory that processes of this computer may use: those of their control group, if it has a limit. */
export function thisMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Gives each pool the memory limit that its workers have on this computer. Sizes are as defined. A share is one of an equal part
 * of the memory for each acted-out node. The workers of pools without either divide what is left; workers without a limit count
 * among them.
 *
 * @param memory bytes of memory of this computer
 * @throws LocalStackError if the limits add up to more, or if there is too little for each worker
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
      `the memory limits of the workers add up to ${formatBytes(taken)}, this computer has ${formatBytes(memory)}; ${LOWER}, or lower memoryLimit`,
    );
  const sharing = sum(pools.filter((local) => limitOf(local) === undefined).map(workersOf));
  const auto = (memory - taken) / sharing;
  return pools.map((local) => {
    const { pool } = local;
    if (pool.memoryLimit === false || workersOf(local) === 0) return local;
    const limit = limitOf(local) ?? auto;
    if (limit < MIN_BYTES)
      throw new LocalStackError(
        `each of ${workersOf(local)} workers of pool ${pool.name} would have ${formatBytes(limit)} of this computer's ${formatBytes(memory)} of memory, and needs ${formatBytes(MIN_BYTES)}; ${LOWER}`,
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
