import { chosenPorts } from "../../lib/local/ports";

const GIVEN = { scheduler: 8786, dashboard: 8787 };

test("each environment variable overrides its port", () => {
  expect(chosenPorts(GIVEN, {})).toEqual(GIVEN);
  expect(chosenPorts(GIVEN, { CDKTF_DASK_SCHEDULER_PORT: "" })).toEqual(GIVEN);
  expect(chosenPorts(GIVEN, { CDKTF_DASK_SCHEDULER_PORT: "8796" })).toEqual({ ...GIVEN, scheduler: 8796 });
  expect(chosenPorts(GIVEN, { CDKTF_DASK_DASHBOARD_PORT: "8797" })).toEqual({ ...GIVEN, dashboard: 8797 });
});

test.each(["0", "65536", "-1", "8e3", "0x10", "auto", " 8786"])("rejects the port '%s'", (text) => {
  expect(() => chosenPorts(GIVEN, { CDKTF_DASK_DASHBOARD_PORT: text })).toThrow(
    `CDKTF_DASK_DASHBOARD_PORT: got '${text}', expected a port from 1 to 65535`,
  );
});

test("rejects the same port for scheduler and dashboard", () => {
  expect(() => chosenPorts(GIVEN, { CDKTF_DASK_DASHBOARD_PORT: "8786" })).toThrow(
    "ports: got 8786 for scheduler and dashboard, expected two ports. Hint: change one of them",
  );
});
