import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { MAX_DRAIN_SECONDS } from "../../lib/config/schema/autoscaling";
import {
  HEARTBEAT_SECONDS,
  HEARTBEAT_TIMEOUT_SECONDS,
  SPOT_DRAIN_SECONDS,
  STOP_SECONDS,
} from "../../lib/node/lifecycle";
import { fileOf, schedulerNode, unitOf, worker } from "./specs";

const UNITS = "/etc/systemd/system";
const linesOf = (unit: string, key: string) => unit.split("\n").filter((line) => line.startsWith(`${key}=`));

describe.each([
  ["a spot pool", worker(production, "cpu"), "dask-worker", "cpu", "production"],
  ["a GPU pool", worker(production, "gpu"), "dask-cuda-worker", "gpu", "production"],
  ["an on-demand pool", worker(development, "cpu"), "dask-worker", "cpu", "development"],
])("a node of %s", (_, node, service, pool, cluster) => {
  test("watches for its end from when its workers start", () => {
    expect(fileOf(node, `${UNITS}/${service}.service.d/dask-watch.conf`)).toBe(
      "[Unit]\nWants=dask-watch.service\n",
    );
    const unit = unitOf(node, "dask-watch");
    expect(linesOf(unit, "ExecStart")).toEqual(["ExecStart=/usr/local/lib/dask-node/run.sh watch"]);
    expect(linesOf(unit, "Restart")).toEqual(["Restart=on-failure"]);
    expect(linesOf(unit, "ReadWritePaths")).toEqual(["ReadWritePaths=/run/dask"]);
    expect(linesOf(unit, "User")).toEqual([]);
  });

  test("drains as the user of the workers, in their sandbox, within the time that the watcher sets", () => {
    const unit = unitOf(node, "dask-drain");
    expect(linesOf(unit, "Type")).toEqual(["Type=oneshot"]);
    expect(linesOf(unit, "User")).toEqual(["User=dask"]);
    expect(linesOf(unit, "EnvironmentFile")).toEqual([
      "EnvironmentFile=/run/dask/instance.env",
      "EnvironmentFile=/run/dask/draining",
    ]);
    expect(linesOf(unit, "ExecStart")).toEqual([
      `ExecStart=/usr/local/lib/dask-node/run.sh drain tls://scheduler.${cluster}.internal:8786 ${pool}--\${DASK_HOST} \${DRAIN_SECONDS}`,
    ]);
    expect(linesOf(unit, "TimeoutStartSec")).toEqual(["TimeoutStartSec=630"]);
    expect(linesOf(unit, "Environment")).toEqual(linesOf(unitOf(node, service), "Environment"));
    expect(fileOf(node, `${UNITS}/dask-drain.service.d/sandbox.conf`)).toBe(
      fileOf(node, `${UNITS}/${service}.service.d/sandbox.conf`),
    );
  });

  test("has the settings of the watcher", () => {
    expect(node.settings).toMatchObject({
      SERVICE: service,
      GROUP: `dask-${cluster}--${pool}`,
      TERMINATION_HOOK: "workers-drained",
      DRAIN_SECONDS: "600",
      SPOT_DRAIN_SECONDS: "85",
      HEARTBEAT_SECONDS: "60",
      HOOK_SECONDS: "180",
    });
  });
});

test("a node drains as long as its pool allows", () => {
  const [pool] = development.pools;
  if (pool === undefined) throw new Error("development has no pool");
  const pools = [{ ...pool, drainTimeout: 1500 }];
  const node = worker({ ...development, pools }, pool.name);
  expect(node.settings).toMatchObject({ DRAIN_SECONDS: "1500", SPOT_DRAIN_SECONDS: "85" });
  expect(linesOf(unitOf(node, "dask-drain"), "TimeoutStartSec")).toEqual(["TimeoutStartSec=1530"]);
});

test("the scheduler has no watcher", () => {
  const paths = schedulerNode(production).files.map(({ path }) => path);
  expect(paths.filter((path) => /dask-(watch|drain)\./.test(path))).toEqual([]);
});

test("the times fit into the notice of a spot interruption and into the timeout of the hook", () => {
  // The notice comes 120 s ahead. The watcher asks every 2 s, and a nanny takes up to 8.5 s to end.
  expect(2 + SPOT_DRAIN_SECONDS + 10).toBeLessThan(120);
  // Two heartbeats may fail.
  expect(3 * HEARTBEAT_SECONDS).toBeLessThanOrEqual(HEARTBEAT_TIMEOUT_SECONDS);
  // After a drain that fails, the stop of the unit takes at most this time.
  expect(HEARTBEAT_SECONDS + STOP_SECONDS).toBeLessThan(HEARTBEAT_TIMEOUT_SECONDS);
  // AWS ends a hook after 100 times its timeout.
  expect(MAX_DRAIN_SECONDS + STOP_SECONDS).toBeLessThan(100 * HEARTBEAT_TIMEOUT_SECONDS);
});
