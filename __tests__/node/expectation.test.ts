import { defineCluster } from "../../lib/config/define";
import type { PoolDefinition } from "../../lib/config/definition";
import { expectation, minExpectation } from "../../lib/node/expectation";

const define = (...pools: PoolDefinition[]) =>
  defineCluster({ name: "test", network: { adminSubnets: ["10.0.0.0/8"] }, pools });

const cpu = { name: "cpu", kind: "cpu", desiredSize: 3, processes: 2 } as const;

test("the expectation has the resources of each pool and the given numbers of workers", () => {
  const cluster = define({ ...cpu, resources: { DISK: 2 } }, { name: "gpu", kind: "gpu" });
  const [first, second] = cluster.pools;
  if (first === undefined || second === undefined) throw new Error("the cluster has two pools");
  expect(expectation(cluster, [{ pool: first, workers: 6 }])).toEqual({
    cluster: "test",
    release: "2026.7",
    dask: "2026.7.1",
    pools: [{ name: "cpu", kind: "cpu", resources: { CPU: "nthreads", DISK: 2 }, workers: 6 }],
  });
  expect(expectation(cluster, [{ pool: second, workers: 2 }]).pools).toEqual([
    { name: "gpu", kind: "gpu", resources: { GPU: 1 }, workers: 2 },
  ]);
});

test("it expects no spilling of a pool without memory limits", () => {
  expect(minExpectation(define({ ...cpu, memoryLimit: 0 })).pools).toEqual([
    { name: "cpu", kind: "cpu", resources: { CPU: "nthreads" }, workers: 0, spills: false },
  ]);
});

test("on AWS it expects the workers of the smallest size of each pool, on the type with the fewest", () => {
  const cluster = define(
    { ...cpu, minSize: 2 },
    { name: "idle", kind: "cpu" },
    { name: "gpu", kind: "gpu", minSize: 3, instanceTypes: ["g6.48xlarge", "g6.12xlarge"] },
  );
  expect(minExpectation(cluster).pools.map(({ name, workers }) => [name, workers])).toEqual([
    ["cpu", 4],
    ["gpu", 12],
    ["idle", 0],
  ]);
});
