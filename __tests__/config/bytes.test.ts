import { parseBytes } from "../../lib/config/bytes";

/** Results of `dask.utils.parse_bytes` 2026.7.1 for the same texts. */
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
])("parses '%s' as Dask does", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["5 foos", "8 gigs", "1.2.3GB", "0x10", "auto"])("rejects '%s', as Dask does", (text) => {
  expect(parseBytes(text)).toBeUndefined();
});

test.each(["", "-5GB"])("rejects '%s', which Dask accepts", (text) => {
  expect(parseBytes(text)).toBeUndefined();
});
