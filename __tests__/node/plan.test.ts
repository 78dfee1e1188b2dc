import { production } from "../../environments/production";
import { planNodes } from "../../lib/node/plan";
import { largest2026 } from "./specs";

describe("the plan of a cluster", () => {
  const { scheduler, pools, schedulerAddress } = planNodes(production);

  test("has a node for the scheduler, and one for each pool in the order of the definition", () => {
    expect(scheduler).toMatchObject({ name: "dask-production--scheduler", role: "scheduler" });
    expect(pools.map(({ node }) => [node.name, node.role])).toEqual([
      ["dask-production--cpu", "cpu-worker"],
      ["dask-production--gpu", "gpu-worker"],
    ]);
    for (const [index, { pool }] of pools.entries()) expect(pool).toBe(production.pools[index]);
  });

  test("has the address that its workers connect to", () => {
    expect(schedulerAddress).toBe("tls://scheduler.production.internal:8786");
    for (const { node } of pools) expect(node.service.argv).toContain(schedulerAddress);
    expect(planNodes(largest2026).schedulerAddress).toMatch(/^ucx:\/\/scheduler\.[\w-]+\.internal:8786$/);
  });

  test("tags each node by cluster, role and pool", () => {
    expect([scheduler, ...pools.map(({ node }) => node)].map(({ tags }) => tags)).toEqual([
      { "dask:cluster": "production", "dask:role": "scheduler" },
      { "dask:cluster": "production", "dask:role": "worker", "dask:pool": "cpu" },
      { "dask:cluster": "production", "dask:role": "worker", "dask:pool": "gpu" },
    ]);
  });

  test("has instance types, disk and image of the definition", () => {
    expect(scheduler).toMatchObject({ instanceTypes: ["m7i.xlarge"], diskGiB: 100, image: "ubuntu" });
    for (const { pool, node } of pools) {
      const { instanceTypes, diskGiB, image } = pool;
      expect(node).toMatchObject({ instanceTypes, diskGiB, image });
    }
  });
});
