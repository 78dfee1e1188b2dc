import { production } from "../../environments/production";
import { fileOf, unitOf, worker } from "./specs";

const [pool] = production.pools;
if (pool === undefined) throw new Error("production has no pool");
const withSpot = (spotPercentage: number) =>
  worker({ ...production, pools: [{ ...pool, spotPercentage }] }, pool.name);

test("nodes of pools with spot capacity watch for an interruption, from when their workers start", () => {
  const spot = withSpot(50);
  expect(fileOf(spot, "/etc/systemd/system/dask-worker.service.d/dask-spot.conf")).toBe(
    "[Unit]\nWants=dask-spot.service\n",
  );
  expect(unitOf(spot, "dask-spot")).toContain("ExecStart=/usr/local/lib/dask-node/run.sh spot\n");
});

test("other nodes do not", () => {
  const units = withSpot(0).files.filter(({ path }) => path.startsWith("/etc/systemd/"));
  expect(units.filter(({ path }) => path.includes("spot"))).toEqual([]);
});
