import { z } from "zod";
import { type Amount, formatBytes, isUsefulSize, MIN_BYTES, readAmount, suggestSize } from "../amounts";
import { oneOf, refine } from "./fields";

const LEAST = formatBytes(MIN_BYTES);

/**
 * A field for one of some words or an amount. A number without a unit and a size too small get the size that was probably meant
 * as a hint.
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
  `auto, a share of the node's memory such as 0.25 or 25%, a size of at least ${LEAST} with its unit such as 8GiB, or 0 for no limit`,
);

/** Most that a worker process may spill. */
export const spillLimit = amount(
  [false],
  isUsefulSize,
  `false, or a size of at least ${LEAST} with its unit, such as 40GiB`,
);

/** RMM memory pool of a GPU. A share of 1 would leave no memory for the CUDA context. */
export const rmmPool = amount(
  [false],
  (value) => (typeof value === "number" && value < 1) || isUsefulSize(value),
  `a share above 0 and below 1, a size of at least ${LEAST} with its unit such as 12GiB, or false`,
);
