import { production } from "../../environments/production";
import { logPool, nodeLogGroup } from "../../lib/node/logs";
import { everySpec, fileOf, schedulerNode, unitOf, worker } from "./specs";

const settings = (unit: string, key: string) =>
  unit
    .split("\n")
    .filter((line) => line.startsWith(`${key}=`))
    .flatMap((line) => line.slice(key.length + 1).split(" "));

const unit = unitOf(worker(production, "cpu"), "dask-logs");

test("each node ships its journal, from when its Python environment is complete", () => {
  for (const [, spec] of everySpec) {
    expect(fileOf(spec, "/etc/systemd/system/dask-node.service.d/dask-logs.conf")).toBe(
      "[Unit]\nWants=dask-logs.path\n",
    );
    expect(fileOf(spec, "/etc/systemd/system/dask-logs.path")).toContain("\nPathExists=/opt/dask/env\n");
    expect(unitOf(spec, "dask-logs")).toBe(unit);
  }
  expect(settings(unit, "ExecStart")).toEqual(["/usr/local/lib/dask-node/run.sh", "logs"]);
});

test("its settings are the log group of the cluster, and its pool", () => {
  const scheduler = schedulerNode(production);
  const gpu = worker(production, "gpu");
  expect([scheduler, gpu].map(logPool)).toEqual(["scheduler", "gpu"]);
  expect(nodeLogGroup(production)).toBe("/dask/production/nodes");
  expect(scheduler.settings).toMatchObject({ LOG_GROUP: "/dask/production/nodes", LOG_POOL: "scheduler" });
  expect(gpu.settings).toMatchObject({ LOG_GROUP: "/dask/production/nodes", LOG_POOL: "gpu" });
});

test("it stops after all other services of each node, and before the network", () => {
  expect(settings(unit, "After")).toEqual(["network.target", "nss-lookup.target"]);
  const before = settings(unit, "Before");
  for (const [title, { files }] of everySpec) {
    const services = files.flatMap(
      ({ path }) => /^\/etc\/systemd\/system\/(dask-(?!logs)[\w-]+\.service)$/.exec(path)?.[1] ?? [],
    );
    expect(services).toContain("dask-bundle.service");
    for (const service of services)
      expect({ title, before }).toEqual({ title, before: expect.arrayContaining([service]) });
  }
});

test("it has time for the rest of the journal, which its own journalctl reads", () => {
  expect(settings(unit, "KillMode")).toEqual(["mixed"]);
  expect(settings(unit, "TimeoutStopSec")).toEqual(["30"]);
});

test("it may read the journal, and nothing else that a user cannot", () => {
  expect(settings(unit, "DynamicUser")).toEqual(["yes"]);
  expect(settings(unit, "SupplementaryGroups")).toEqual(["systemd-journal"]);
  expect(settings(unit, "CapabilityBoundingSet")).toEqual([""]);
  // journalctl reads /proc/sys/kernel/random/boot_id.
  expect(settings(unit, "ProcSubset")).toEqual([]);
});
