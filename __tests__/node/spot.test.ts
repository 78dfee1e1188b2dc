import { production } from "../../environments/production";
import { fakeAws } from "./fake-aws";
import { FakeMachine } from "./fake-machine";
import { fileOf, unitOf, worker } from "./specs";

const [pool] = production.pools;
if (pool === undefined) throw new Error("production has no pool");
const withSpot = (spotPercentage: number) =>
  worker({ ...production, pools: [{ ...pool, spotPercentage }] }, pool.name);
const spot = withSpot(50);
const onDemand = withSpot(0);

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(spot);
  machine.write("run/dask/machine.env", "");
  machine.command("systemctl");
  fakeAws(machine);
});
afterEach(() => machine.remove());

const stopped = (calls: readonly string[]) => calls.filter((call) => call.startsWith("systemctl "));

test("nodes of pools with spot capacity watch for an interruption, from when their workers start", () => {
  expect(fileOf(spot, "/etc/systemd/system/dask-worker.service.d/dask-spot.conf")).toBe(
    "[Unit]\nWants=dask-spot.service\n",
  );
  expect(unitOf(spot, "dask-spot")).toContain("ExecStart=/usr/local/lib/dask-node/spot\n");
  expect(onDemand.files.filter(({ path }) => path.includes("spot"))).toEqual([]);
});

test("on a notice the workers drain, and stay away", () => {
  fakeAws(machine, { spot: [404, 404, 404] });
  const { code, said, calls } = machine.run("spot");
  expect(code).toBe(0);
  expect(said).toBe(
    'EC2 interrupts this instance: {"action": "terminate", "time": "2026-11-23T12:00:00Z"}; draining\n',
  );
  expect(machine.read("run/dask/draining")).toBe("");
  expect(stopped(calls)).toEqual(["systemctl stop dask-worker.service"]);
  expect(calls.filter((call) => call.startsWith("sleep"))).toEqual(Array(3).fill("sleep 5"));
  // One token for all questions.
  expect(calls.filter((call) => call.endsWith("/api/token"))).toHaveLength(1);
});

test("a token that has ended is replaced, and a metadata service that fails is asked again", () => {
  fakeAws(machine, { spot: [404, 401, 404, 503] });
  const { code, calls } = machine.run("spot");
  expect(code).toBe(0);
  expect(stopped(calls)).toEqual(["systemctl stop dask-worker.service"]);
  expect(calls.filter((call) => call.endsWith("/api/token"))).toHaveLength(3);
});

test("on an on-demand instance of the pool it ends at once", () => {
  const { code, said, calls } = machine.run("spot");
  expect({ code, said, stopped: stopped(calls) }).toEqual({ code: 0, said: "", stopped: [] });
});
