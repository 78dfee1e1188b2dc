import { defineCluster } from "../../lib/config/define";
import type { PoolDefinition } from "../../lib/config/definition";

test("a definition needs only a name and admin subnets", () => {
  const cluster = defineCluster({ name: "minimal", network: { adminSubnets: ["10.0.0.0/8"] } });

  expect(cluster).toMatchObject({
    name: "minimal",
    region: "us-west-2",
    release: { name: "2026.7", python: "3.12", dask: "2026.7.1" },
    ucx: false,
    tls: true,
    logRetentionDays: 365,
    deletionProtection: false,
    bakedImages: false,
    tags: {},
    backend: { type: "local" },
  });
  expect(cluster.network).toEqual({
    adminSubnets: ["10.0.0.0/8"],
    vpcCidr: "10.20.0.0/16",
    zones: [
      { name: "us-west-2a", privateSubnet: "10.20.0.0/19", publicSubnet: "10.20.224.0/22" },
      { name: "us-west-2b", privateSubnet: "10.20.32.0/19", publicSubnet: "10.20.228.0/22" },
    ],
    nat: "single",
    endpoints: false,
  });
  expect(cluster.ssh).toBeUndefined();
  expect(cluster.scheduler).toEqual({
    instanceType: "m7i.large",
    diskGiB: 50,
    image: "ubuntu",
    zone: "us-west-2a",
    privateAddress: "10.20.0.10",
    hostname: "scheduler.minimal.internal",
  });
  expect(cluster.pools).toEqual([
    {
      name: "cpu",
      kind: "cpu",
      instanceTypes: ["m7i.2xlarge", "m6i.2xlarge", "m5.2xlarge"],
      minSize: 0,
      desiredSize: 1,
      maxSize: 10,
      idleTimeout: 300,
      targetDuration: 120,
      drainTimeout: 600,
      onDemandBase: 0,
      spotPercentage: 0,
      memoryLimit: "auto",
      resources: { CPU: "threads" },
      spill: { storage: "ebs", limit: "50GiB" },
      diskGiB: 100,
      image: "ubuntu",
      processes: 1,
    },
  ]);
});

test("a GPU pool has one resource GPU and an RMM pool, and spills to the instance store by default", () => {
  expect(onlyPool({ name: "gpu", kind: "gpu" })).toMatchObject({
    instanceTypes: ["g6.xlarge", "g5.xlarge"],
    resources: { GPU: 1 },
    threads: 1,
    rmmPool: 0.8,
    ucx: false,
    image: "deep-learning",
    diskGiB: 200,
    spill: { storage: "instance-store", limit: false },
  });
});

test("a GPU pool of release 2024.7 has no RMM pool by default", () => {
  const cluster = defineCluster({
    name: "old",
    release: "2024.7",
    network: { adminSubnets: ["10.0.0.0/8"] },
    pools: [{ name: "gpu", kind: "gpu" }],
  });
  expect(cluster.pools[0]).toMatchObject({ rmmPool: false, ucx: false });
});

test.each([
  [["127.0.0.0/8"], false],
  [["127.0.0.1/32"], false],
  [["127.0.0.0/8", "10.0.0.0/8"], true],
  [["127.0.0.0/8", "192.168.0.0/16"], true],
])("with the admin subnets %p, TLS is by default: %p", (adminSubnets, tls) => {
  expect(defineCluster({ name: "c", network: { adminSubnets } }).tls).toBe(tls);
});

test("the definition can turn TLS on or off", () => {
  expect(defineCluster({ name: "c", tls: false, network: { adminSubnets: ["10.0.0.0/8"] } }).tls).toBe(false);
  expect(defineCluster({ name: "c", tls: true, network: { adminSubnets: ["127.0.0.0/8"] } }).tls).toBe(true);
});

test("a cluster in which every pool has UCX uses UCX", () => {
  const cluster = defineCluster({
    name: "ucx",
    tls: false,
    network: { adminSubnets: ["10.0.0.0/8"] },
    scheduler: { instanceType: "g6.xlarge", image: "deep-learning" },
    pools: [{ name: "gpu", kind: "gpu", ucx: true }],
  });
  expect(cluster.ucx).toBe(true);
});

test("the threads of the definition become the resource CPU, in addition to the resources of the pool", () => {
  expect(onlyPool({ name: "p", kind: "cpu", threads: 4, resources: { licence: 2 } }).resources).toEqual({
    CPU: 4,
    licence: 2,
  });
});

test("missing sizes are derived from the given size", () => {
  const sizes = (pool: Partial<PoolDefinition>) => {
    const { minSize, desiredSize, maxSize } = onlyPool({ name: "p", kind: "cpu", ...pool } as PoolDefinition);
    return [minSize, desiredSize, maxSize];
  };
  expect(sizes({ minSize: 12 })).toEqual([12, 12, 12]);
  expect(sizes({ desiredSize: 20 })).toEqual([0, 20, 20]);
  expect(sizes({ maxSize: 0 })).toEqual([0, 0, 0]);
});

test("the processes of a pool share half of the disk to spill to EBS", () => {
  expect(onlyPool({ name: "p", kind: "cpu", diskGiB: 200, processes: 4 }).spill).toEqual({
    storage: "ebs",
    limit: "25GiB",
  });
});

test.each([
  [{ kind: "cpu" }, 100],
  [{ kind: "cpu", image: "deep-learning" }, 200],
  [{ kind: "cpu", image: { amiId: "ami-0123456789abcdef0" } }, 100],
  [{ kind: "gpu", image: "ubuntu" }, 100],
  [{ kind: "gpu", image: { amiId: "ami-0123456789abcdef0" } }, 200],
  [{ kind: "gpu", diskGiB: 300 }, 300],
] as const)("the disk of a pool %j has %p GiB", (pool, diskGiB) => {
  expect(onlyPool({ name: "p", ...pool }).diskGiB).toBe(diskGiB);
});

test("the disk of a scheduler with the Deep Learning AMI is as large as that of a worker", () => {
  const network = { adminSubnets: ["10.0.0.0/8"] };
  expect(defineCluster({ name: "c", network, scheduler: { image: "deep-learning" } }).scheduler.diskGiB).toBe(
    200,
  );
});

test("the cluster is frozen at every level", () => {
  const cluster = defineCluster({ name: "frozen", network: { adminSubnets: ["10.0.0.0/8"] } });
  expect(Object.isFrozen(cluster)).toBe(true);
  expect(Object.isFrozen(cluster.network.zones[0])).toBe(true);
  expect(Object.isFrozen(cluster.pools[0]?.instanceTypes)).toBe(true);
});

test("the definition itself is not frozen", () => {
  const definition = { name: "given", network: { adminSubnets: ["10.0.0.0/8"] }, tags: { team: "data" } };
  defineCluster(definition);
  expect(Object.isFrozen(definition.tags)).toBe(false);
  expect(Object.isFrozen(definition.network.adminSubnets)).toBe(false);
});

function onlyPool(pool: PoolDefinition) {
  const [resolved] = defineCluster({
    name: "c",
    network: { adminSubnets: ["10.0.0.0/8"] },
    pools: [pool],
  }).pools;
  if (resolved === undefined) throw new Error("no pool");
  return resolved;
}
