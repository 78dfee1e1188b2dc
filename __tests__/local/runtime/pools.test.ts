import { localPools } from "../../../lib/local/runtime/pools";
import { clusterOf, fixedSize, LAPTOP, WORKSTATION } from "../definitions";

const cpu = { name: "cpu", kind: "cpu", desiredSize: 3, processes: 2 } as const;
const gpu = { name: "gpu", kind: "gpu", desiredSize: 5 } as const;

test("a CPU pool has all its nodes; a GPU pool is absent without a GPU", () => {
  const { present, absent } = localPools(clusterOf([fixedSize(cpu), gpu]), LAPTOP);

  expect(present.map(({ pool, nodes, workers }) => [pool.name, nodes, workers])).toEqual([["cpu", 3, 2]]);
  expect(absent).toEqual([{ name: "gpu", reason: "no GPU on this computer" }]);
});

test.each([
  ["its largest size", 0, 3, 3],
  ["as many as the computer has CPUs", 0, 20, 4],
  ["at least the desired ones", 6, 20, 6],
])("a CPU pool has up to so many nodes: %s", (_, desiredSize, maxSize, nodes) => {
  const { present } = localPools(clusterOf([{ ...cpu, desiredSize, maxSize }]), LAPTOP);

  expect(present).toMatchObject([{ nodes, desired: desiredSize }]);
});

test("a computer with one CPU shows how a pool scales", () => {
  const { present } = localPools(clusterOf([{ ...cpu, desiredSize: 1 }]), { ...LAPTOP, cpus: 1 });
  expect(present).toMatchObject([{ nodes: 3, desired: 1 }]);
});

test("the GPUs are one node, which may start later", () => {
  const { present } = localPools(clusterOf([{ ...gpu, desiredSize: 0 }]), WORKSTATION);
  expect(present).toMatchObject([{ nodes: 1, desired: 0, workers: 2 }]);
});

test("the first GPU pool has one node with a worker for each GPU", () => {
  const { present, absent } = localPools(clusterOf([gpu, { ...gpu, name: "more" }]), WORKSTATION);

  expect(present.map(({ pool, nodes, workers }) => [pool.name, nodes, workers])).toEqual([["gpu", 1, 2]]);
  expect(absent).toEqual([{ name: "more", reason: "pool gpu uses the GPUs of this computer" }]);
});

test.each([
  [
    "Python",
    { python: { path: "python3.11", version: "3.11" } },
    "the GPU lockfile of the release is for Python 3.12",
  ],
  ["platform", { platform: "linux arm64" }, "the GPU lockfile of the release is for Linux on x86_64"],
])("GPU workers need the %s of their lockfile", (_, other, reason) => {
  expect(localPools(clusterOf([gpu]), { ...WORKSTATION, ...other }).absent).toEqual([
    { name: "gpu", reason },
  ]);
});

test("a release without CUDA wheels has no GPU pool", () => {
  expect(localPools(clusterOf([gpu], "2024.7"), WORKSTATION).absent).toEqual([
    { name: "gpu", reason: "release 2024.7 needs a CUDA toolkit in addition to its wheels" },
  ]);
});
