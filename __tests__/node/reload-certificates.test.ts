import { join } from "node:path";
import { PYTEST_TIMEOUT, pytest } from "../support/pytest";

test(
  "Dask takes a new certificate while it works, and none that others would refuse (pytest, real Dask)",
  async () => expect(await pytest(join(__dirname, "test_reload_certificates.py"))).toBe(2),
  PYTEST_TIMEOUT,
);
