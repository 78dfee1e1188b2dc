import { DaskCluster } from "../../lib/aws/dask-cluster";
import { LockfileParameter } from "../../lib/aws/machines/lockfile-parameter";
import { defineCluster } from "../../lib/cluster/define";
import type { ClusterDefinition } from "../../lib/cluster/definition";
import { schedulerNode, worker } from "../node/specs";
import { Synthesized } from "../support/synthesized";

const POOLS = [
  { name: "one", kind: "cpu" },
  { name: "two", kind: "cpu" },
  { name: "gpu", kind: "gpu" },
] as const;

describe("the locks of a cluster", () => {
  const cluster = define();
  const stack = Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster }));

  test("are one parameter for each, under the name and with the content that machines look for", () => {
    const locks = [schedulerNode(cluster).lockfile, worker(cluster, "gpu").lockfile];
    expect(worker(cluster, "one").lockfile).toEqual(locks[0]);
    expect(stack.counts.aws_ssm_parameter).toBe(2);
    for (const [index, kind] of ["20267-cpu-", "20267-gpu-"].entries())
      expect(stack.resource("aws_ssm_parameter", kind)).toEqual({
        name: locks[index]?.name,
        description: "packages of machines of Dask, one a line: name, version and SHA-256",
        type: "String",
        tier: ["Standard", "Advanced"][index],
        insecure_value: locks[index]?.content,
        lifecycle: { create_before_destroy: true },
      });
    expect(locks.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^\/dask\/test\/lock\/2026\.7-cpu\/[0-9a-f]{12}$/),
      expect.stringMatching(/^\/dask\/test\/lock\/2026\.7-gpu\/[0-9a-f]{12}$/),
    ]);
  });

  test("are there before the machines that look them up", () => {
    expect(stack.resource("aws_instance").depends_on).toContainEqual(
      expect.stringMatching(/^aws_ssm_parameter\.dask_locks_20267-cpu-/),
    );
    for (const [pool, lock] of [
      ["one", "cpu"],
      ["two", "cpu"],
      ["gpu", "gpu"],
    ] as const)
      expect(stack.resource("aws_autoscaling_group", `pools_${pool}`).depends_on).toContainEqual(
        expect.stringMatching(new RegExp(`^aws_ssm_parameter\\.dask_locks_20267-${lock}-`)),
      );
  });
});

test("a parameter of one name has one address, whichever nodes use it", () => {
  const addresses = (definition: Partial<ClusterDefinition>) => {
    const stack = Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster: define(definition) }));
    return stack.names("aws_ssm_parameter");
  };
  const gpu = { name: "gpu", kind: "gpu" } as const;
  const [cpuLock, gpuLock] = addresses({ tls: false, pools: [gpu] });
  expect(gpuLock).toContain("20267-gpu-");
  expect(cpuLock).toContain("20267-cpu-");
  // With UCX the scheduler needs the packages of GPU nodes.
  const scheduler = { instanceType: "g6.xlarge" };
  expect(addresses({ tls: false, scheduler, pools: [{ ...gpu, ucx: true }] })).toEqual([gpuLock]);
});

test.each([
  [4096, "Standard"],
  [4097, "Advanced"],
])("a lock of %i characters is of the tier %s", (length, tier) => {
  const lockfile = { name: "/dask/test/lock", content: "x".repeat(length), sha256: "" };
  const stack = Synthesized.of((scope) => new LockfileParameter(scope, "lock", { lockfile }));
  expect(stack.resource("aws_ssm_parameter").tier).toBe(tier);
});

function define(definition: Partial<ClusterDefinition> = {}) {
  return defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: POOLS,
    ...definition,
  });
}
