import { z } from "zod";
import { formatDuration, parseDuration } from "../durations";
import { oneOf, refine } from "./fields";

const FORM = 'a duration such as "5 minutes" or "90s", or a number of seconds';
const HINT = "write a number and one of ms, s, m, h, d, w, seconds, minutes, hours, days, weeks";

/** Returns the schema of a duration from `from` to `to` seconds. Without `from` it is above 0. */
export function duration({ from = 0, to = Number.POSITIVE_INFINITY }: { from?: number; to?: number } = {}) {
  const range = [
    from > 0 ? `at least ${formatDuration(from)}` : "above 0",
    ...(Number.isFinite(to) ? [`at most ${formatDuration(to)}`] : []),
  ];
  const expected = `${FORM}, ${range.join(" and ")}`;
  return refine(
    oneOf([z.string(), z.number()], expected),
    (value) => {
      const seconds = parseDuration(value);
      return seconds !== undefined && seconds > 0 && seconds >= from && seconds <= to;
    },
    expected,
    HINT,
  );
}
