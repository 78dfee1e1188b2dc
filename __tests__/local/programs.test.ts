import { parse } from "yaml";
import { localPools } from "../../lib/local/pools";
import { localPrograms } from "../../lib/local/programs";
import { clusterOf, LAPTOP, PATHS, PORTS, WORKSTATION } from "./definitions";

const ROOT = "/project/.dask/test";

function programs(cluster = clusterOf([{ name: "cpu", kind: "cpu" }]), machine = LAPTOP) {
  return localPrograms(cluster, localPools(cluster, machine).present, machine.cpus, PATHS, PORTS);
}

test("scheduler and workers have the command lines of the cluster's machines, on the loopback interface", () => {
  const [scheduler, worker] = programs(
    clusterOf([{ name: "cpu", kind: "cpu", threads: 1, memoryLimit: "1GiB" }]),
  );

  expect(scheduler).toMatchObject({
    name: "dask-scheduler",
    environment: { DASK_CONFIG: `${ROOT}/config/dask-scheduler` },
  });
  expect(scheduler?.argv.join(" ")).toBe(
    `${ROOT}/environment/bin/dask scheduler --host 127.0.0.1 --port 18786 --dashboard-address 127.0.0.1:18787`,
  );
  expect(worker).toMatchObject({
    name: "cpu--local-0",
    environment: { DASK_CONFIG: `${ROOT}/config/cpu--local-0` },
  });
  expect(worker?.argv.join(" ")).toBe(
    `${ROOT}/environment/bin/dask worker tcp://127.0.0.1:18786 --nworkers 1 --nthreads 1 --memory-limit 1GiB ` +
      `--local-directory ${ROOT}/scratch --resources CPU=1 --name cpu--local-0 --death-timeout 120 ` +
      "--host 127.0.0.1 --worker-port 9000:9063 --nanny-port 9100:9163 --dashboard-address 127.0.0.1:0",
  );
});

test.each([
  [1, 1, "4"],
  [2, 1, "2"],
  [1, 3, "1"],
  [8, 1, "1"],
])("%i machines with %i processes share four CPUs: %s threads each", (desiredSize, processes, threads) => {
  const [, ...workers] = programs(clusterOf([{ name: "cpu", kind: "cpu", desiredSize, processes }]));

  expect(workers).toHaveLength(desiredSize);
  for (const { argv } of workers) {
    expect(argv[argv.indexOf("--nthreads") + 1]).toBe(threads);
    expect(argv[argv.indexOf("--resources") + 1]).toBe(`CPU=${threads}`);
  }
});

test("a GPU pool is one program; on one machine nobody speaks UCX", () => {
  const cluster = { ...clusterOf([{ name: "gpu", kind: "gpu" }]), ucx: true };
  const [scheduler, worker, ...others] = programs(cluster, WORKSTATION);

  expect(others).toEqual([]);
  expect(worker?.argv.slice(1, 5)).toEqual(["cuda", "worker", "tcp://127.0.0.1:18786", "--nthreads"]);
  expect(scheduler?.argv).not.toContain("ucx");
});

test("each program has a configuration of its own, with its pool's spill limit", () => {
  const [scheduler, worker] = programs(clusterOf([{ name: "cpu", kind: "cpu", spill: { limit: "3GiB" } }]));

  expect(parse(worker?.config ?? "")).toMatchObject({
    "temporary-directory": `${ROOT}/scratch`,
    distributed: {
      dashboard: { link: "http://127.0.0.1:18787/status" },
      worker: { memory: { "max-spill": "3GiB" } },
    },
  });
  expect(parse(scheduler?.config ?? "").distributed.worker.memory["max-spill"]).toBe(false);
});
