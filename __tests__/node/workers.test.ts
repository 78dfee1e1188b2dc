import { join } from "node:path";
import { PYTEST_TIMEOUT, pytest } from "../support/pytest";

test(
  "workers.py moves data, waits through any loss of the scheduler, and never hangs (pytest, real Dask)",
  async () => expect(await pytest(join(__dirname, "test_workers.py"))).toBe(11),
  PYTEST_TIMEOUT,
);
