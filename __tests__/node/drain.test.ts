import { join } from "node:path";
import { PYTEST_TIMEOUT, pytest } from "../support/pytest";

test(
  "drain.py moves data and never hangs; registered.py counts a machine's workers (pytest, real Dask)",
  async () => expect(await pytest(join(__dirname, "test_drain.py"))).toBe(8),
  PYTEST_TIMEOUT,
);
