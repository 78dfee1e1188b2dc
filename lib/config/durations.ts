const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds of each unit that Dask accepts, in lower case (`dask.utils.timedelta_sizes`). */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ...units(["s", "second"], 1),
  ...units(["ms", "millisecond"], 1e-3),
  ...units(["us", "microsecond"], 1e-6),
  ...units(["ns", "nanosecond"], 1e-9),
  ...units(["m", "minute"], MINUTE),
  ...units(["h", "hour"], HOUR),
  ...units(["d", "day"], DAY),
  ...units(["w", "week"], 7 * DAY),
};

/**
 * Parses a duration as `dask.utils.parse_timedelta` does: `"5 minutes"`, `"1.5h"`. A number is in seconds.
 *
 * @returns the seconds, or `undefined` where Dask would raise an error, and for a text that begins with a point or a unit
 */
export function parseDuration(given: string | number): number | undefined {
  const match = /^(\d+\.?\d*(?:e[+-]?\d+)?)([a-z]*)$/i.exec(String(given).replaceAll(" ", ""));
  const unit = UNITS[match?.[2]?.toLowerCase() ?? "?"];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** Formats seconds in the largest unit that gives a whole number: `2 hours`, `90 seconds`. */
export function formatDuration(seconds: number): string {
  const [name, size] = FORMATS.find(([, size]) => seconds % size === 0) ?? (["second", 1] as const);
  const count = seconds / size;
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

const FORMATS = [
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
] as const;

/** Returns the entries of a unit: its short name, and its name in singular and plural. */
function units([short, long]: readonly [string, string], seconds: number): Record<string, number> {
  return { [short]: seconds, [long]: seconds, [`${long}s`]: seconds };
}
