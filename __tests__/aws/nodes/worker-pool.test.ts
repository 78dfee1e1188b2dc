import { DaskCluster, type DaskClusterProps } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition, PoolDefinition } from "../../../lib/config/definition";
import { userData } from "../../../lib/node/user-data";
import { worker } from "../../node/specs";
import { type Block, Synthesized } from "../../support/synthesized";

const POOL: PoolDefinition = {
  name: "batch",
  kind: "cpu",
  instanceTypes: ["m7i.2xlarge", "m6i.2xlarge"],
  minSize: 1,
  desiredSize: 3,
  maxSize: 12,
  onDemandBase: 1,
  spotPercentage: 70,
  diskGiB: 200,
  image: { amiId: "ami-0123456789abcdef0" },
};

const TAGS = {
  owner: "data",
  "dask:cluster": "test",
  "dask:role": "worker",
  "dask:pool": "batch",
  Name: "dask-test--batch",
};

describe("the launch template of a pool", () => {
  const { cluster, template } = synthesize(POOL);

  test("has only these properties", () => {
    expect(template).toEqual({
      name: "dask-test--batch",
      description: "workers of the Dask cluster test, pool batch",
      image_id: "ami-0123456789abcdef0",
      iam_instance_profile: { name: expect.stringContaining("aws_iam_instance_profile.") },
      user_data: userData(worker(cluster, "batch")),
      update_default_version: true,
      metadata_options: {
        http_endpoint: "enabled",
        http_tokens: "required",
        http_put_response_hop_limit: 1,
      },
      monitoring: { enabled: true },
      network_interfaces: [
        {
          device_index: 0,
          associate_public_ip_address: "false",
          delete_on_termination: "true",
          security_groups: [
            expect.stringMatching(/^\$\{aws_security_group\.dask_security_workers_\w+\.id\}$/),
          ],
        },
      ],
      block_device_mappings: [
        {
          device_name: "/dev/sda1",
          ebs: {
            volume_type: "gp3",
            volume_size: 200,
            encrypted: "true",
            kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.arn\}$/),
            delete_on_termination: "true",
          },
        },
      ],
      tag_specifications: [
        { resource_type: "instance", tags: TAGS },
        { resource_type: "volume", tags: TAGS },
      ],
      tags: { Name: "dask-test--batch" },
    });
  });

  test("lets EC2 resolve a published image, so that a new AMI does not roll the pool", () => {
    const { template, synthesized } = synthesize({ name: "gpu", kind: "gpu" });
    expect(template.image_id).toBe(
      "resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
    );
    expect(synthesized.dataSources("aws_ssm_parameter")).toEqual([
      { name: expect.stringContaining("/canonical/ubuntu/") },
    ]);
  });

  test("has the Ubuntu for the architecture of the instance types", () => {
    const { template } = synthesize({ name: "arm", kind: "cpu", instanceTypes: ["c8gd.4xlarge"] });
    expect(template.image_id).toBe(
      "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
    );
  });
});

describe("the autoscaling group of a pool", () => {
  const { group } = synthesize(POOL);

  test("has a minimum of 0, the maximum of the definition, and ignores later changes of the desired capacity", () => {
    expect(group).toMatchObject({ name: "dask-test--batch", min_size: 0, desired_capacity: 3, max_size: 12 });
    expect(group.lifecycle).toEqual({ ignore_changes: ["desired_capacity", "initial_lifecycle_hook"] });
  });

  test("has the minimum of the definition without autoscaling", () => {
    expect(synthesize(POOL, {}, { autoscaling: false }).group).toMatchObject({ min_size: 1, max_size: 12 });
  });

  test("spreads over all private subnets", () => {
    expect(group.vpc_zone_identifier).toEqual([
      expect.stringContaining("us-west-2a_private-subnet"),
      expect.stringContaining("us-west-2b_private-subnet"),
    ]);
  });

  test("launches on-demand instances in the order of the definition, and spot instances by price and capacity", () => {
    expect(group.mixed_instances_policy).toEqual({
      instances_distribution: {
        on_demand_allocation_strategy: "prioritized",
        on_demand_base_capacity: 1,
        on_demand_percentage_above_base_capacity: 30,
        spot_allocation_strategy: "price-capacity-optimized",
      },
      launch_template: {
        launch_template_specification: {
          launch_template_id: expect.stringMatching(/^\$\{aws_launch_template\.\S+\.id\}$/),
          version: expect.stringMatching(/^\$\{aws_launch_template\.\S+\.latest_version\}$/),
        },
        override: [{ instance_type: "m7i.2xlarge" }, { instance_type: "m6i.2xlarge" }],
      },
    });
    expect(group.capacity_rebalance).toBe(true);
  });

  test("rolls with its template and with the scheduler, half of the instances at a time", () => {
    expect(group.instance_refresh).toEqual({
      strategy: "Rolling",
      preferences: { min_healthy_percentage: 50, instance_warmup: "0" },
      triggers: ["tag", "vpc_zone_identifier"],
    });
    expect(group.tag).toContainEqual({
      key: "dask:scheduler",
      value: expect.stringMatching(/^\$\{null_resource\.dask_scheduler_generation_\w+\.id\}$/),
      propagate_at_launch: true,
    });
  });

  test("ignores failed launches, and does not rebalance zones", () => {
    expect(group).toMatchObject({
      ignore_failed_scaling_activities: true,
      suspended_processes: ["AZRebalance"],
    });
  });

  test("has metrics in CloudWatch every minute, if the cluster has monitoring", () => {
    const metrics = (group: Block) => [group.enabled_metrics, group.metrics_granularity];
    expect(metrics(group)).toEqual([
      [
        ...["GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize"],
        ...["GroupMinSize", "GroupPendingInstances", "GroupTerminatingInstances"],
      ],
      "1Minute",
    ]);
    expect(metrics(synthesize(POOL, {}, { monitoring: false }).group)).toEqual([undefined, undefined]);
  });

  test("propagates its tags to the instances", () => {
    const tags = group.tag as readonly { key: string; value: string; propagate_at_launch: boolean }[];
    expect(tags.every((tag) => tag.propagate_at_launch)).toBe(true);
    expect(Object.fromEntries(tags.map(({ key, value }) => [key, value]))).toEqual({
      ...TAGS,
      "dask:scheduler": expect.any(String),
    });
  });

  test("checks the health of an instance as soon as it is in service", () => {
    expect(group).toMatchObject({ health_check_type: "EC2", health_check_grace_period: 0 });
  });

  test("is deleted without waiting for instances in a lifecycle hook", () => {
    expect(group.force_delete).toBe(true);
  });

  test("is created after the scheduler is ready and has its DNS record, and after bundle and policies", () => {
    const policies = [
      ...["session-manager", "read-bundle", "tag-machines", "write-logs"],
      ...["answer-launch-hook", "secrets", "key-of-secrets"],
    ];
    expect(group.depends_on).toEqual([
      expect.stringMatching(/^aws_route53_record\.dask_zone_scheduler_/),
      expect.stringMatching(/^aws_cloudformation_stack\.dask_scheduler-readiness_/),
      expect.stringMatching(/^aws_s3_object\.dask_bundles_batch_/),
      ...policies.map((name) =>
        expect.stringMatching(new RegExp(`^aws_iam_role_policy\\.dask_pool-roles_batch_${name}_`)),
      ),
    ]);
  });
});

test("the instances of a pool have a key pair only if the definition has ssh", () => {
  expect(synthesize(POOL, {}, { ssh: { keyName: "ops" } }).template.key_name).toBe("ops");
  expect(synthesize(POOL).template).not.toHaveProperty("key_name");
});

describe("the launch hook of a pool", () => {
  const HOOK = {
    name: "workers-registered",
    lifecycle_transition: "autoscaling:EC2_INSTANCE_LAUNCHING",
    default_result: "ABANDON",
    heartbeat_timeout: 2700,
  };

  test("abandons an instance that reports nothing until five minutes after the deadline of the boot", () => {
    expect(synthesize(POOL).synthesized.resource("aws_autoscaling_lifecycle_hook", "launch")).toEqual({
      ...HOOK,
      autoscaling_group_name: expect.stringMatching(
        /^\$\{aws_autoscaling_group\.dask_pools_batch_\w+\.name\}$/,
      ),
    });
  });

  test.each([
    ["only on-demand instances", { onDemandBase: 2, spotPercentage: 0 }],
    ["only spot instances", { onDemandBase: 0, spotPercentage: 100 }],
    ["both and no on-demand base", { onDemandBase: 0, spotPercentage: 50 }],
  ])("exists before the first instance of a pool with %s", (_, shares) => {
    const { group } = synthesize({ ...POOL, ...shares });
    expect(group.initial_lifecycle_hook).toEqual([HOOK]);
    // AWS rejects other values in a group with an initial hook.
    expect(group.mixed_instances_policy).toMatchObject({
      instances_distribution: {
        on_demand_base_capacity: 0,
        on_demand_percentage_above_base_capacity: 100 - shares.spotPercentage,
      },
    });
  });

  test("is created after the group if on-demand instances precede spot instances", () => {
    const { group } = synthesize({ ...POOL, onDemandBase: 1, spotPercentage: 50 });
    expect(group).not.toHaveProperty("initial_lifecycle_hook");
    expect(group.mixed_instances_policy).toMatchObject({
      instances_distribution: { on_demand_base_capacity: 1, on_demand_percentage_above_base_capacity: 50 },
    });
  });

  test("is the hook that the nodes complete", () => {
    const { cluster, group, synthesized } = synthesize(POOL);
    expect(worker(cluster, "batch").settings).toMatchObject({
      HOOK: synthesized.resource("aws_autoscaling_lifecycle_hook", "launch").name,
      GROUP: group.name,
    });
  });
});

describe("the termination hook of a pool", () => {
  test("waits for the node, which is terminated after three minutes without a heartbeat", () => {
    const { cluster, group, synthesized } = synthesize(POOL);
    expect(synthesized.resource("aws_autoscaling_lifecycle_hook", "termination")).toEqual({
      name: "workers-drained",
      lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
      default_result: "CONTINUE",
      heartbeat_timeout: 180,
      autoscaling_group_name: expect.stringMatching(
        /^\$\{aws_autoscaling_group\.dask_pools_batch_\w+\.name\}$/,
      ),
    });
    expect(worker(cluster, "batch").settings).toMatchObject({
      TERMINATION_HOOK: "workers-drained",
      GROUP: group.name,
    });
  });
});

describe("the wait for capacity", () => {
  test.each([
    [undefined, "45m"],
    [0, "0m"],
    [25, "25m"],
  ])("of %p minutes is %s", (waitForCapacityMinutes, timeout) => {
    const options = waitForCapacityMinutes === undefined ? {} : { waitForCapacityMinutes };
    expect(synthesize(POOL, options).group.wait_for_capacity_timeout).toBe(timeout);
  });

  test.each([-1, 1.5, Number.NaN])("of %p minutes is rejected", (waitForCapacityMinutes) => {
    expect(() => synthesize(POOL, { waitForCapacityMinutes })).toThrow(
      `waitForCapacityMinutes: got ${waitForCapacityMinutes}, expected a whole number from 0. Hint: give the minutes that a deployment waits for the pool batch`,
    );
  });
});

function synthesize(
  pool: PoolDefinition,
  options: Omit<DaskClusterProps, "cluster"> = {},
  definition: Partial<ClusterDefinition> = {},
) {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [pool],
    tags: { owner: "data" },
    ...definition,
  });
  const synthesized = Synthesized.of((scope) => new DaskCluster(scope, "dask", { ...options, cluster }));
  return {
    cluster,
    synthesized,
    template: synthesized.resource("aws_launch_template"),
    group: synthesized.resource("aws_autoscaling_group"),
  };
}
