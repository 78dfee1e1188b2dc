import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import { Synthesized } from "../../support/synthesized";

const cluster = defineCluster({
  name: "test",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [
    { name: "cpu", kind: "cpu" },
    { name: "gpu", kind: "gpu" },
  ],
});

describe("additional security groups", () => {
  const stack = Synthesized.of((scope) => {
    const dask = new DaskCluster(scope, "dask", { cluster });
    const storage = new SecurityGroup(scope, "storage", { vpcId: dask.vpcId });
    for (const id of [storage.id, "sg-1"]) dask.pools.cpu?.addSecurityGroup(id);
    dask.scheduler.addSecurityGroup("sg-1");
  });
  const groupsOf = (pool: string) =>
    (
      stack.resource("aws_launch_template", pool).network_interfaces as readonly {
        security_groups: unknown;
      }[]
    ).map(({ security_groups }) => security_groups);
  const workers = expect.stringMatching(/^\$\{aws_security_group\.dask_security_workers_\w+\.id\}$/);

  test("are attached to the instances of the pool, after the group of the workers", () => {
    expect(groupsOf("pools_cpu")).toEqual([[workers, "${aws_security_group.storage.id}", "sg-1"]]);
  });

  test("are not attached to the instances of other pools", () => {
    expect(groupsOf("pools_gpu")).toEqual([[workers]]);
  });

  test("are attached to the scheduler, after its group", () => {
    expect(stack.resource("aws_instance").vpc_security_group_ids).toEqual([
      expect.stringMatching(/^\$\{aws_security_group\.dask_security_scheduler_\w+\.id\}$/),
      "sg-1",
    ]);
  });
});
