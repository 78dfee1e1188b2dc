import { z } from "zod";
import { type Amount, formatBytes, isUsefulSize, MIN_BYTES, readAmount, suggestSize } from "../amounts";
import { oneOf, refine } from "./fields";

const MIN_SIZE = formatBytes(MIN_BYTES);

/**
 * Returns the schema of a field with one of `words` or an amount. The hint for a number without a unit, and for too small a
 * size, is the size that was probably meant.
 */
const amount = (
  words: readonly (string | false)[],
  accepts: (amount: Amount | undefined) => boolean,
  expected: string,
) =>
  refine(
    oneOf([z.string(), z.number(), z.literal(false)], expected),
    (value) => words.some((word) => word === value) || accepts(readAmount(value)),
    expected,
    (value) => {
      const size = suggestSize(value);
      return size === undefined
        ? "write a number and one of MB, GB, TB, MiB, GiB, TiB"
        : `did you mean ${size}?`;
    },
  );

/** Memory limit of a worker process. */
export const memoryLimit = amount(
  ["auto"],
  (value) => value === false || typeof value === "number" || isUsefulSize(value),
  `auto, a share of the node's memory such as 0.25 or 25%, a size of at least ${MIN_SIZE} with its unit such as 8GiB, or 0 for no limit`,
);

/** Maximum that a worker process may spill. */
export const spillLimit = amount(
  [false],
  isUsefulSize,
  `false, or a size of at least ${MIN_SIZE} with its unit, such as 40GiB`,
);

/** RMM memory pool of a GPU. A share of 1 would leave no memory for the CUDA context. */
export const rmmPool = amount(
  [false],
  (value) => (typeof value === "number" && value < 1) || isUsefulSize(value),
  `a share above 0 and below 1, a size of at least ${MIN_SIZE} with its unit such as 12GiB, or false`,
);
