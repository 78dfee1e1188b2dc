import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { type AutoscalerPlace, autoscalerSettings, poolsOnAws } from "../../lib/node/autoscaler";

const definition: ClusterDefinition = {
  name: "prod",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/8"] },
  scheduler: { instanceType: "m7i.large" },
  prices: {
    ...{ "m7i.large": 0.1, "m7i.2xlarge": 0.4, "m7i.4xlarge": 0.8 },
    ...{ "g6.xlarge": 1, "g6.12xlarge": 5 },
  },
  pools: [
    {
      ...{ name: "cpu", kind: "cpu", instanceTypes: ["m7i.2xlarge", "m7i.4xlarge"], processes: 3 },
      ...{ minSize: 1, maxSize: 8, resources: { LICENCE: 1 } },
    },
    {
      ...{
        name: "gpu",
        kind: "gpu",
        instanceTypes: ["g6.12xlarge", "g6.xlarge"],
        desiredSize: 0,
        maxSize: 2,
      },
      ...{ idleTimeout: "10 minutes", targetDuration: 60, drainTimeout: "1 hour" },
    },
  ],
};
const cluster = defineCluster({ ...definition, autoscaling: { maxNodes: 9, maxHourlyCost: 12.5 } });
const capacity = { kind: "aws", region: "eu-central-1", groups: { cpu: "dask-prod--cpu" } } as const;
const place = { scheduler: "http://127.0.0.1:8788", metrics: "127.0.0.1:8791" };

test("the settings of an autoscaler have what the definition says, and the highest price of each pool", () => {
  expect(settings(cluster, { ...place, capacity, pools: poolsOnAws(cluster) })).toEqual({
    cluster: "prod",
    scheduler: "http://127.0.0.1:8788",
    metrics: "127.0.0.1:8791",
    capacity: { kind: "aws", region: "eu-central-1", groups: { cpu: "dask-prod--cpu" } },
    limits: { maxNodes: 9, maxHourlyCost: 12.5 },
    keepResults: 43_200,
    hungAfter: 21_600,
    onHung: "report",
    pools: [
      {
        ...{ name: "cpu", offers: { CPU: 2, LICENCE: 1 }, workers: 3, threads: 2, minSize: 1, maxSize: 8 },
        ...{ idleTimeout: 300, targetDuration: 120, drainTimeout: 600, usdPerHour: 0.8, gpu: false },
      },
      {
        ...{ name: "gpu", offers: { GPU: 1 }, workers: 4, threads: 1, minSize: 0, maxSize: 2 },
        ...{ idleTimeout: 600, targetDuration: 60, drainTimeout: 3600, usdPerHour: 5, gpu: true },
      },
    ],
    schedulerUsdPerHour: 0.1,
    deadManSwitch: {
      region: "eu-central-1",
      namespace: "Dask/prod",
      alarms: ["dask-prod--cpu--dead-man-switch", "dask-prod--gpu--dead-man-switch"],
    },
    alerts: null,
  });
});

test("what is off, and prices that are not known, are null", () => {
  const autoscaling = { keepResults: false, hungAfter: false } as const;
  const off = defineCluster({ ...definition, autoscaling, prices: { "g6.12xlarge": 5 } });
  expect(settings(off, { ...place, capacity, pools: poolsOnAws(off) })).toMatchObject({
    limits: { maxNodes: 10, maxHourlyCost: null },
    keepResults: null,
    hungAfter: null,
    pools: [{ usdPerHour: null }, { usdPerHour: null }],
    schedulerUsdPerHour: null,
  });
});

test("nodes of a local cluster cost nothing, and have the sizes and threads of the computer", () => {
  const [cpu, gpu] = cluster.pools;
  if (cpu === undefined || gpu === undefined) throw new Error("the cluster has two pools");
  const pools = [
    { pool: cpu, workers: 1, threads: 2, minSize: 0, maxSize: 3 },
    { pool: gpu, workers: 1, threads: 1 },
  ];
  const local = { kind: "local", socket: "/tmp/a.sock" } as const;
  const found = settings(cluster, { ...place, capacity: local, pools });
  expect(found.capacity).toEqual({ kind: "local", socket: "/tmp/a.sock" });
  expect(found.limits).toEqual({ maxNodes: 9, maxHourlyCost: null });
  expect(found.schedulerUsdPerHour).toBeNull();
  expect(
    found.pools.map(({ offers, minSize, maxSize, usdPerHour }) => [offers, minSize, maxSize, usdPerHour]),
  ).toEqual([
    [{ CPU: 2, LICENCE: 1 }, 0, 3, null],
    [{ GPU: 1 }, 0, 2, null],
  ]);
});

function settings(cluster: ResolvedCluster, place: AutoscalerPlace) {
  const { autoscaling } = cluster;
  if (autoscaling === undefined) throw new Error("the cluster has autoscaling");
  return autoscalerSettings(cluster, autoscaling, place);
}
