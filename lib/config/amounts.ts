import { GIB, MIB, parseBytes, TIB } from "./bytes";

/**
 * Part of a memory: a share above 0 and at most 1, a size with its unit as Dask parses it, or `false` for none.
 */
export type Amount = number | string | false;

/**
 * Least memory limit, spill limit and RMM pool of a worker process. An idle worker of Dask 2026.7.1 has 81 MiB resident, and
 * 155 MiB once it has imported pandas (measured); Dask starts to spill at 70 % of the limit and pauses at 80 %.
 */
export const MIN_BYTES = 256 * MIB;

/**
 * Reads an amount the way Dask reads a memory limit (`parse_memory_limit` of distributed.worker_memory): a number up to 1 is a
 * share, 0 is no limit. Unlike Dask, it accepts percentages, and no number above 1 without a unit: Dask takes `"4"` as 4 bytes.
 *
 * @returns the amount, or `undefined` where the value is none. The text `"1"` is none: it can mean 1 GiB or all memory.
 */
export function readAmount(given: string | number | false): Amount | undefined {
  if (given === false) return false;
  if (typeof given === "number") return readShare(given);
  const text = given.trim();
  const percentage = /^(\d+\.?\d*|\.\d+) ?%$/.exec(text)?.[1];
  if (percentage !== undefined) return readShare(Number(percentage) / 100) || undefined;
  if (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text))
    return text === "1" ? undefined : readShare(Number(text));
  return hasUnit(text) && parseBytes(text) !== undefined ? text : undefined;
}

/** Whether an amount is a size that a worker process can use. */
export function isUsefulSize(amount: Amount | undefined): amount is string {
  return typeof amount === "string" && (parseBytes(amount) ?? 0) >= MIN_BYTES;
}

/**
 * Returns the size that was probably meant by a number without a unit, or with one too small: `4GiB` for `4`, `64GB` for `64MB`.
 */
export function suggestSize(given: unknown): string | undefined {
  const text = String(given).replaceAll(" ", "");
  const [, digits, unit = ""] = /^(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)([a-z]*)$/i.exec(text) ?? [];
  const number = Number(digits);
  if (!(number > 0) || parseBytes(text) === undefined) return undefined;
  if (unit === "" && number >= MIN_BYTES) return formatBytes(number);
  const units = unit === "" || /i/i.test(unit) ? BINARY : DECIMAL;
  const [name] = units.find(([, bytes]) => number * bytes >= MIN_BYTES) ?? [];
  return name && `${digits}${name}`;
}

/** Writes bytes as `8GiB`, or in whole MiB. */
export function formatBytes(bytes: number): string {
  return bytes % GIB === 0 ? `${bytes / GIB}GiB` : `${Math.floor(bytes / MIB)}MiB`;
}

const BINARY = [
  ["MiB", MIB],
  ["GiB", GIB],
  ["TiB", TIB],
] as const;

const DECIMAL = [
  ["MB", 1000 ** 2],
  ["GB", 1000 ** 3],
  ["TB", 1000 ** 4],
] as const;

function readShare(share: number): number | false | undefined {
  if (share === 0) return false;
  return share > 0 && share <= 1 ? share : undefined;
}

function hasUnit(text: string): boolean {
  return /[a-z]$/i.test(text);
}
