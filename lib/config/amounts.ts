import { GIB, MIB, parseBytes, TIB } from "./bytes";

/** Amount of memory: a share above 0 and at most 1, a size with its unit as Dask parses it, or `false` for none. */
export type Amount = number | string | false;

/**
 * Minimum memory limit, spill limit and RMM pool of a worker process, in bytes. An idle worker of Dask 2026.7.1 uses 81
 * MiB, and 155 MiB after it has imported pandas (measured); Dask starts to spill at 70 % of the limit and pauses at 80
 * %.
 */
export const MIN_BYTES = 256 * MIB;

/**
 * Reads an amount as Dask reads a memory limit (`parse_memory_limit` of distributed.worker_memory): a number up to 1 is a
 * share, 0 is no limit. Unlike Dask, it accepts percentages, and rejects numbers above 1 without a unit, because Dask reads
 * `"4"` as 4 bytes.
 *
 * @returns the amount, or `undefined` for an invalid value. The text `"1"` is invalid, because it can mean 1 GiB or all
 * memory.
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

/** Returns whether an amount is a size of at least `MIN_BYTES`. */
export function isUsefulSize(amount: Amount | undefined): amount is string {
  return typeof amount === "string" && (parseBytes(amount) ?? 0) >= MIN_BYTES;
}

/**
 * Returns the size that was probably meant by a number without a unit, or with too small a unit: `4GiB` for `4`, `64GB` for
 * `64MB`.
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

/** Formats bytes as `8GiB`, or rounded down to MiB such as `512MiB`. */
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
