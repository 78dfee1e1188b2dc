import { production } from "../../environments/production";
import { settingsOnAws } from "../../lib/node/autoscaler-service";
import { fileOf, largest2026, schedulerNode, unitOf, worker } from "./specs";

const UNITS = "/etc/systemd/system";
const autoscalerOf = ({ files }: { files: readonly { path: string }[] }) =>
  files.map(({ path }) => path).filter((path) => path.startsWith(UNITS) && path.includes("autoscaler"));

test("the scheduler's node starts the autoscaler with the scheduler, as a user of its own", () => {
  const node = schedulerNode(production);
  expect(fileOf(node, `${UNITS}/dask-scheduler.service.d/dask-autoscaler.conf`)).toBe(
    "[Unit]\nWants=dask-autoscaler.service\n",
  );
  expect(node.settings.AUTOSCALER).toBe("bundles/production.autoscaler.json");
  const unit = unitOf(node, "dask-autoscaler").split("\n");
  expect(unit).toEqual(
    expect.arrayContaining(["DynamicUser=yes", "ExecStart=/usr/local/lib/dask-node/run.sh autoscaler"]),
  );
  // The role's credentials come from the metadata service.
  expect(unit.filter((line) => line.startsWith("IPAddress"))).toEqual([]);
});

test("nodes of workers, and clusters without autoscaling, have no autoscaler", () => {
  const { autoscaling, ...without } = production;
  expect(autoscaling).toBeDefined();
  for (const node of [worker(production, "cpu"), schedulerNode(without)])
    expect([autoscalerOf(node), node.settings.AUTOSCALER]).toEqual([[], undefined]);
});

test("sizes of pools are not in the bundle of the scheduler", () => {
  const pools = production.pools.map((pool) => ({ ...pool, maxSize: pool.maxSize + 1, idleTimeout: 900 }));
  const changed = schedulerNode({ ...production, pools });
  expect(changed.bundle.sha256).toBe(schedulerNode(production).bundle.sha256);
});

test("the autoscaler asks the scheduler's HTTP server, and scales the groups of the pools", () => {
  const { autoscaling } = production;
  if (autoscaling === undefined) throw new Error("production has autoscaling");
  expect(settingsOnAws(production, autoscaling)).toMatchObject({
    scheduler: "http://127.0.0.1:8788",
    metrics: "127.0.0.1:8791",
    capacity: {
      kind: "aws",
      region: "eu-central-1",
      groups: { cpu: "dask-production--cpu", gpu: "dask-production--gpu" },
    },
    pools: [
      { name: "cpu", workers: 1, threads: 16, minSize: 2, maxSize: 40 },
      { name: "gpu", workers: 1, threads: 1, minSize: 0, maxSize: 8 },
    ],
  });
  expect(settingsOnAws(largest2026, autoscaling).scheduler).toBe("http://127.0.0.1:8787");
});
