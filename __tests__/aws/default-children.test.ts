import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { DaskCluster } from "../../lib/aws/dask-cluster";
import { defineCluster } from "../../lib/config/define";
import { Synthesized } from "../support/synthesized";

const cluster = defineCluster({
  name: "test",
  network: { adminSubnets: ["10.0.0.0/16"] },
  bakedImages: true,
});

test("the default child of a construct is its main resource", () => {
  const types: Record<string, string | undefined> = {};
  Synthesized.of((scope) => {
    const dask = new DaskCluster(scope, "dask", { cluster });
    const { cpu } = dask.pools;
    const constructs: Readonly<Record<string, IConstruct | undefined>> = {
      key: dask.key,
      network: dask.node.findChild("network"),
      flowLogs: dask.flowLogs,
      scheduler: dask.scheduler,
      "scheduler.role": dask.scheduler.role,
      pool: cpu,
      "pool.role": cpu?.role,
      "pool.template": cpu?.template,
      "images.builder.role": dask.images?.builder.role,
      zone: dask.node.findChild("zone"),
    };
    for (const [name, construct] of Object.entries(constructs)) {
      const child = construct?.node.defaultChild;
      types[name] =
        child && TerraformResource.isTerraformResource(child) ? child.terraformResourceType : undefined;
    }
  });
  expect(types).toEqual({
    key: "aws_kms_key",
    network: "aws_vpc",
    flowLogs: "aws_flow_log",
    scheduler: "aws_instance",
    "scheduler.role": "aws_iam_role",
    pool: "aws_autoscaling_group",
    "pool.role": "aws_iam_role",
    "pool.template": "aws_launch_template",
    "images.builder.role": "aws_iam_role",
    zone: "aws_route53_zone",
  });
});

test("a change of a default child reaches Terraform", () => {
  const stack = Synthesized.of((scope) => {
    const group = new DaskCluster(scope, "dask", { cluster }).pools.cpu?.node.defaultChild;
    if (!(group instanceof AutoscalingGroup)) throw new Error("the pool has no group");
    group.maxInstanceLifetime = 604_800;
    group.addOverride("instance_maintenance_policy", {
      min_healthy_percentage: 90,
      max_healthy_percentage: 120,
    });
  });
  expect(stack.resource("aws_autoscaling_group")).toMatchObject({
    max_instance_lifetime: 604_800,
    instance_maintenance_policy: { min_healthy_percentage: 90, max_healthy_percentage: 120 },
  });
});
