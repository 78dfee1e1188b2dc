/** What `examples/bring-your-own/program.py` prints as its result. */
export const RESULT = "hello: 21 words, mostly the";

/** Returns the pattern of its line about a process. Versions of packages from the index differ with each lock. */
export function lineOf(process: string): RegExp {
  return new RegExp(
    `^${process}: {2}humanize 4\\.[\\d.]+ {2}more-itertools [\\d.]+ {2}word-counts 1\\.0 {2}256MiB {2}hello$`,
  );
}
