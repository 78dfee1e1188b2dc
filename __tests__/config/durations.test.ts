import { formatDuration, parseDuration } from "../../lib/config/durations";

/** Results of `dask.utils.parse_timedelta` 2026.7.1 for the same values. */
test.each([
  ["5 minutes", 300],
  ["5 minute", 300],
  ["5m", 300],
  ["5 MINUTES", 300],
  ["300", 300],
  ["90 s", 90],
  ["60seconds", 60],
  ["1e3 s", 1000],
  ["2 hours", 7200],
  ["1.5 hours", 5400],
  ["1d", 86_400],
  ["1 week", 604_800],
  ["300ms", 0.3],
  [12, 12],
  [1.5, 1.5],
])("parses %p as Dask does", (given, seconds) => {
  expect(parseDuration(given)).toBe(seconds);
});

test.each(["5 foos", "5 min", "3 hr", "1h30m", "-5 s", "abc", "", Number.NaN, Number.POSITIVE_INFINITY])(
  "rejects %p, as Dask does",
  (given) => {
    expect(parseDuration(given)).toBeUndefined();
  },
);

/** Dask puts a 1 before them: ".5h" is 1.5 hours. */
test.each(["m", ".5h"])("rejects '%s', which Dask accepts", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [90, "90 seconds"],
  [300, "5 minutes"],
  [3600, "1 hour"],
  [7200, "2 hours"],
  [86_400, "1 day"],
])("formats %d as '%s'", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
