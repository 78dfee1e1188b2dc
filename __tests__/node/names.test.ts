import { defineCluster } from "../../lib/config/define";
import { resourceName, resourcePath } from "../../lib/node/names";
import { secretName } from "../../lib/node/secrets";
import { worker } from "./specs";

const cluster = (name: string, pool: string) =>
  defineCluster({
    name,
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [{ name: pool, kind: "cpu" }],
  });

const groupOf = (name: string, pool: string) => worker(cluster(name, pool), pool).name;

test("names in AWS start with dask-, and paths with /dask/", () => {
  expect(resourceName({ name: "research" }, "scheduler")).toBe("dask-research--scheduler");
  expect(resourceName({ name: "research" })).toBe("dask-research");
  expect(resourcePath({ name: "research" }, "lock", "2026.7-cpu")).toBe("/dask/research/lock/2026.7-cpu");
  expect(secretName(cluster("research", "cpu"), "worker")).toBe("/dask/research/worker");
});

test("two clusters do not share the name of a group if their names contain hyphens", () => {
  expect(groupOf("research", "gpu-large")).toBe("dask-research--gpu-large");
  expect(groupOf("research-gpu", "large")).toBe("dask-research-gpu--large");
});

test("a group's name fits into 64 characters with the longest names of a definition", () => {
  expect(groupOf("a".repeat(32), "b".repeat(20))).toHaveLength(59);
});
