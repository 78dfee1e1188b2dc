import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { canRecover } from "../../../lib/aws/monitoring/scheduler-alarms";
import { LAUNCH_SECONDS } from "../../../lib/aws/nodes/launch-hook";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { packageFile } from "../../../lib/node/package-file";
import { SPOT_NOTICE } from "../../../lib/node/watch";
import { type Block, Synthesized } from "../../support/synthesized";
import { readArn } from "../policies";

const TOPIC = expect.stringMatching(/^\$\{aws_sns_topic\.dask_alerts_\w+\.arn\}$/);
const INSTANCE = expect.stringMatching(/^\$\{aws_instance\.dask_scheduler_\w+\.id\}$/);

const define = (definition: Partial<ClusterDefinition> = {}) =>
  defineCluster({
    name: "test",
    region: "eu-west-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    ...definition,
  });

const synthesize = (definition: Partial<ClusterDefinition> = {}) =>
  Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster: define(definition) }));

const alarm = (stack: Synthesized, name: string): Block =>
  stack.resources("aws_cloudwatch_metric_alarm").find(({ alarm_name }) => alarm_name === name) ?? {};

describe("the alarms of the scheduler", () => {
  const stack = synthesize();
  const check = {
    namespace: "AWS/EC2",
    statistic: "Maximum",
    period: 60,
    dimensions: { InstanceId: INSTANCE },
    comparison_operator: "GreaterThanThreshold",
    threshold: 0,
    treat_missing_data: "missing",
    ok_actions: [TOPIC],
  };

  test("recover it after two minutes of failed system checks, and report it", () => {
    const { alarm_actions, ...system } = alarm(stack, "dask-test--scheduler--system-check");
    expect((alarm_actions as readonly string[]).map(readArn)).toEqual([
      "arn:PARTITION:automate:eu-west-1:ec2:recover",
      "TOPIC",
    ]);
    expect(system).toEqual({
      ...check,
      alarm_name: "dask-test--scheduler--system-check",
      alarm_description:
        "The hardware or network of the scheduler of test fails. EC2 recovers the instance on other hardware, and the scheduler starts again without what it had in memory.",
      metric_name: "StatusCheckFailed_System",
      evaluation_periods: 2,
    });
  });

  test("report five minutes of failed instance checks", () => {
    expect(alarm(stack, "dask-test--scheduler--instance-check")).toEqual({
      ...check,
      alarm_name: "dask-test--scheduler--instance-check",
      alarm_description:
        "The operating system of the scheduler of test does not answer. Look at its console output, and reboot it.",
      metric_name: "StatusCheckFailed_Instance",
      evaluation_periods: 5,
      alarm_actions: [TOPIC],
    });
  });

  test("only report failed system checks of a type with an instance store", () => {
    const stack = synthesize({ scheduler: { instanceType: "m6id.xlarge" } });
    expect(alarm(stack, "dask-test--scheduler--system-check")).toMatchObject({
      alarm_description:
        "The hardware or network of the scheduler of test fails. EC2 does not recover this instance type by an alarm: stop and start the instance.",
      alarm_actions: [TOPIC],
    });
  });

  test.each([
    ["m7i.large", true],
    ["m7g.xlarge", true],
    ["r6id.xlarge", false],
    ["m7i.metal-24xl", false],
  ])("%s is recovered by an alarm: %s", (instanceType, expected) => {
    const { scheduler } = define();
    expect(canRecover({ scheduler: { ...scheduler, instanceType } })).toBe(expected);
  });

  test("a type without known facts is not recovered by an alarm", () => {
    const { scheduler } = define();
    expect(canRecover({ scheduler: { ...scheduler, instanceType: "z99.large" } })).toBe(false);
  });
});

describe("the alarm of a pool", () => {
  const stack = synthesize({
    pools: [
      { name: "cpu", kind: "cpu" },
      { name: "large", kind: "cpu", minSize: 0, desiredSize: 0, maxSize: 4 },
    ],
  });
  const metric = (metric_name: string, stat: string) => ({
    namespace: "AWS/AutoScaling",
    metric_name,
    stat,
    period: 300,
    dimensions: { AutoScalingGroupName: "dask-test--large" },
  });

  test("is raised if instances are missing for longer than a boot takes, and exists for each pool", () => {
    expect(alarm(stack, "dask-test--large--in-service")).toEqual({
      alarm_name: "dask-test--large--in-service",
      alarm_description:
        "Pool large of test has had fewer instances in service than desired for 50 minutes. Look at the activities of the Auto Scaling group dask-test--large, and at the tag dask:state of its instances.",
      metric_query: [
        { id: "missing", expression: "desired - running", label: "missing instances", return_data: true },
        { id: "desired", metric: metric("GroupDesiredCapacity", "Minimum") },
        { id: "running", metric: metric("GroupInServiceInstances", "Maximum") },
      ],
      comparison_operator: "GreaterThanThreshold",
      threshold: 0,
      evaluation_periods: 10,
      treat_missing_data: "notBreaching",
      alarm_actions: [TOPIC],
      ok_actions: [TOPIC],
    });
    expect(10 * 300).toBeGreaterThan(LAUNCH_SECONDS);
    const names = stack.resources("aws_cloudwatch_metric_alarm").map(({ alarm_name }) => alarm_name);
    expect(names).toEqual([
      ...["dask-test--cpu--in-service", "dask-test--large--in-service"],
      ...["dask-test--scheduler--instance-check", "dask-test--scheduler--system-check"],
      ...["dask-test--cpu--dead-man-switch", "dask-test--large--dead-man-switch"],
    ]);
  });

  test("has metrics that the group publishes", () => {
    const groups = stack.resources("aws_autoscaling_group");
    expect(groups.map(({ name }) => name)).toEqual(["dask-test--cpu", "dask-test--large"]);
    for (const { enabled_metrics } of groups)
      expect(enabled_metrics).toEqual(
        expect.arrayContaining(["GroupDesiredCapacity", "GroupInServiceInstances"]),
      );
  });
});

describe("the rule for failed launches", () => {
  const stack = synthesize();

  test("matches those of the cluster's groups", () => {
    const { event_pattern, ...rule } = stack.resource("aws_cloudwatch_event_rule");
    expect(rule).toEqual({
      name: "dask-test--launch-failures",
      description: "failed launches of the Auto Scaling groups of the Dask cluster test",
    });
    expect(JSON.parse(String(event_pattern))).toEqual({
      source: ["aws.autoscaling"],
      "detail-type": ["EC2 Instance Launch Unsuccessful"],
      detail: { AutoScalingGroupName: [{ prefix: "dask-test--" }] },
    });
  });

  test("sends group, reason and time to the topic, without a role", () => {
    expect(stack.resource("aws_cloudwatch_event_target")).toEqual({
      rule: expect.stringMatching(
        /^\$\{aws_cloudwatch_event_rule\.dask_cloudwatch_launch-failures_\w+\.name\}$/,
      ),
      target_id: "topic",
      arn: TOPIC,
      input_transformer: {
        input_paths: {
          time: "$.time",
          group: "$.detail.AutoScalingGroupName",
          reason: "$.detail.StatusMessage",
        },
        input_template:
          '{"alert": "a launch of test failed", "group": <group>, "reason": <reason>, "time": <time>}',
      },
    });
  });
});

describe("spot interruptions", () => {
  const stack = synthesize({
    pools: [
      { name: "cpu", kind: "cpu", spotPercentage: 50 },
      { name: "large", kind: "cpu", spotPercentage: 0 },
    ],
  });

  test("are counted by pool in the logs of the nodes", () => {
    expect(stack.resource("aws_cloudwatch_log_metric_filter")).toEqual({
      name: "dask-test--spot-interruptions",
      log_group_name: expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.dask_logs_\w+\.name\}$/),
      pattern: '{ ($.unit = "dask-watch.service") && ($.message = "EC2 interrupts this instance: *") }',
      metric_transformation: {
        name: "SpotInterruptions",
        namespace: "Dask/test",
        value: "1",
        unit: "Count",
        dimensions: { pool: "$.pool" },
      },
    });
  });

  test("are what the node logs", () => {
    expect(packageFile("python/src/cdktf_dask/node/watch.py")).toContain(
      `print(f"${SPOT_NOTICE}{notice}; draining within {seconds} s", flush=True)`,
    );
  });

  test("raise an alarm for each pool with spot instances", () => {
    expect(alarm(stack, "dask-test--cpu--spot-interruptions")).toEqual({
      alarm_name: "dask-test--cpu--spot-interruptions",
      alarm_description:
        "EC2 interrupts spot instances of pool cpu of test. Their workers move their data to others, and the pool starts replacements. If that happens often, add instance types or zones.",
      namespace: "Dask/test",
      metric_name: "SpotInterruptions",
      dimensions: { pool: "cpu" },
      statistic: "Sum",
      period: 300,
      evaluation_periods: 1,
      comparison_operator: "GreaterThanThreshold",
      threshold: 0,
      treat_missing_data: "notBreaching",
      alarm_actions: [TOPIC],
    });
    expect(alarm(stack, "dask-test--large--spot-interruptions")).toEqual({});
  });

  test("are not counted without spot instances", () => {
    const { counts } = synthesize({ pools: [{ name: "cpu", kind: "cpu", spotPercentage: 0 }] });
    expect(counts).toMatchObject({ aws_cloudwatch_metric_alarm: 4 });
    expect(counts).not.toHaveProperty("aws_cloudwatch_log_metric_filter");
  });
});

test("a cluster without monitoring has no alarms but those of the dead man's switch, and no rule", () => {
  const { counts } = synthesize({ monitoring: false, autoscaling: { deadManSwitch: false } });
  expect(counts.aws_instance).toBe(1);
  expect(Object.keys(counts).filter((type) => /cloudwatch_(metric|event|log_metric)/.test(type))).toEqual([]);
});
