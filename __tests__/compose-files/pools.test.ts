import { composePools } from "../../lib/compose/pools";
import type { PoolDefinition } from "../../lib/config/definition";
import { issuesIn } from "../config/issues-of";
import { clusterOf } from "./definitions";
import { rendered } from "./rendered";

const limitsOf = (pool: PoolDefinition) => {
  const { deploy, command } = rendered(clusterOf({ pools: [pool] })).service(pool.name);
  const flag = (name: string) => new RegExp(`${name} (\\S+)`).exec(String(command[2]))?.[1];
  return {
    container: deploy.resources.limits?.memory,
    worker: flag("--memory-limit"),
    threads: flag("--nthreads"),
    resources: flag("--resources"),
  };
};

test("gives a container the memory of its workers and 512 MiB, if the definition has a size", () => {
  expect(limitsOf({ name: "cpu", kind: "cpu", memoryLimit: "2GiB", processes: 3, threads: 2 })).toEqual({
    container: "6656M",
    worker: "2GiB",
    threads: "2",
    resources: "CPU=2",
  });
});

test("takes memory and threads from variables, if the definition leaves them to the node", () => {
  expect(limitsOf({ name: "big-mem", kind: "cpu", processes: 2 })).toEqual({
    container: "${BIG_MEM_MEMORY:-4096M}",
    worker: "0.5",
    threads: "${BIG_MEM_THREADS:-2}",
    resources: "CPU=${BIG_MEM_THREADS:-2}",
  });
  expect(limitsOf({ name: "cpu", kind: "cpu", memoryLimit: 0.25, threads: 1 })).toMatchObject({
    container: "${CPU_MEMORY:-2048M}",
    worker: "0.25",
  });
});

test("limits a GPU container to the memory of the smallest node, and no container without a limit", () => {
  const gpu = limitsOf({ name: "gpu", kind: "gpu", instanceTypes: ["g6.2xlarge", "g6.xlarge"] });
  expect(gpu).toMatchObject({ container: "${GPU_MEMORY:-16384M}", worker: "auto" });
  expect(limitsOf({ name: "cpu", kind: "cpu", memoryLimit: false })).toMatchObject({
    container: undefined,
    worker: "0",
  });
});

test("has the desired number of CPU containers, also none", () => {
  const { service } = rendered(
    clusterOf({ pools: [{ name: "cpu", kind: "cpu", minSize: 0, desiredSize: 0 }] }),
  );
  expect(service("cpu").deploy.replicas).toBe(0);
});

test("leaves out GPU pools but the first, because that has all GPUs", () => {
  const cluster = clusterOf({
    pools: [
      { name: "gpu", kind: "gpu" },
      { name: "large", kind: "gpu" },
      { name: "cpu", kind: "cpu" },
    ],
  });
  const { present, leftOut } = composePools(cluster);
  expect(present.map(({ pool }) => pool.name)).toEqual(["gpu", "cpu"]);
  expect(leftOut).toEqual([{ name: "large", reason: "pool gpu has the GPUs of the computer" }]);
});

test("rejects pools with the name of another service", () => {
  const cluster = clusterOf({ pools: [{ name: "smoke-test", kind: "cpu" }] });
  expect(issuesIn(() => composePools(cluster))).toEqual([
    {
      path: "pools[0].name",
      value: "smoke-test",
      expected:
        "another name than certificates, smoke-test, prometheus, alertmanager, grafana, which are services of Compose",
      hint: "rename the pool",
    },
  ]);
});
