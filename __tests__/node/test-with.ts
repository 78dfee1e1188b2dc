/** A test that needs a program: it is skipped without the program, except in CI. */
export const testWith = (program: string, present: boolean) =>
  present || process.env.CI
    ? test
    : (title: string, run: () => void) => test.skip(`${title} (needs ${program})`, run);
