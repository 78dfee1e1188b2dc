/** A test of what a program says that not every machine has: skipped by name there, but never in CI. */
export const testWith = (program: string, present: boolean) =>
  present || process.env.CI
    ? test
    : (title: string, run: () => void) => test.skip(`${title} (needs ${program})`, run);
