import { parseBytes } from "../../lib/config/bytes";

/** Values that `dask.utils.parse_bytes` 2026.7.1 gave for the same texts. */
test.each([
  ["100", 100],
  ["100 MB", 100_000_000],
  ["100M", 100_000_000],
  ["5kB", 5000],
  ["5.4 kB", 5400],
  ["1kiB", 1024],
  ["8GiB", 8_589_934_592],
  ["1e6", 1_000_000],
  ["1e6 kB", 1_000_000_000],
  ["MB", 1_000_000],
  [".5GB", 500_000_000],
  ["2TiB", 2_199_023_255_552],
])("%s", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["5 foos", "8 gigs", "", "-5GB", "1.2.3GB", "0x10", "auto"])(
  "Dask would refuse '%s', and so do we",
  (text) => {
    expect(parseBytes(text)).toBeUndefined();
  },
);

test.each(["", "-5GB"])("'%s' is refused, though Dask makes a number of it", (text) => {
  expect(parseBytes(text)).toBeUndefined();
});
