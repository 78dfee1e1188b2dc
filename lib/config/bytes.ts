/** Bytes of each unit that Dask accepts, in lower case (`dask.utils.byte_sizes`). */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  ...Object.fromEntries(
    [..."kmgtp"].flatMap((letter, index) => [
      [letter, 1000 ** (index + 1)],
      [`${letter}b`, 1000 ** (index + 1)],
      [`${letter}i`, 1024 ** (index + 1)],
      [`${letter}ib`, 1024 ** (index + 1)],
    ]),
  ),
};

/** Bytes in one MiB, GiB and TiB. */
export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;
export const TIB = 1024 ** 4;

/**
 * Parses a size as `dask.utils.parse_bytes` does: `"8GiB"`, `"1.5 GB"`, `"100M"`.
 *
 * @returns the number of bytes, or `undefined` where Dask would raise an error
 */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)?([a-z]*)$/i.exec(text.replaceAll(" ", ""));
  const unit = UNITS[match?.[2]?.toLowerCase() ?? "?"];
  return match === null || unit === undefined || text.trim() === ""
    ? undefined
    : Math.trunc(Number(match[1] ?? 1) * unit);
}
