import { PYTEST_TIMEOUT, pytest } from "../support/pytest";

test(
  "the smoke test passes, and fails, as it should on real clusters (pytest)",
  async () => expect(await pytest(__dirname)).toBe(92),
  PYTEST_TIMEOUT,
);
