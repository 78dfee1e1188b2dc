import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { Synthesized } from "../../support/synthesized";

const synthesize = (definition: Partial<ClusterDefinition> = {}) =>
  Synthesized.of(
    (scope) =>
      new DaskCluster(scope, "dask", {
        cluster: defineCluster({
          name: "test",
          region: "eu-west-1",
          network: { adminSubnets: ["10.0.0.0/16"] },
          ...definition,
        }),
      }),
  );

const GROUP = expect.stringMatching(/^\$\{aws_autoscaling_group\.dask_pools_cpu_\w+\.name\}$/);
const POLICY = expect.stringMatching(
  /^\$\{aws_autoscaling_policy\.dask_dead-man-switch_cpu_policy_\w+\.arn\}$/,
);
const TOPIC = expect.stringMatching(/^\$\{aws_sns_topic\.dask_alerts_\w+\.arn\}$/);

const alarms = (stack: Synthesized) =>
  stack
    .resources("aws_cloudwatch_metric_alarm")
    .filter(({ alarm_name }) => String(alarm_name).endsWith("dead-man-switch"));

test("an hour without a heartbeat of the autoscaler sets the desired size of the pool to 0, and reports it", () => {
  const stack = synthesize();
  expect(stack.resources("aws_autoscaling_policy")).toEqual([
    {
      name: "dask-test--cpu--dead-man-switch",
      autoscaling_group_name: GROUP,
      policy_type: "SimpleScaling",
      adjustment_type: "ExactCapacity",
      scaling_adjustment: 0,
      cooldown: 300,
    },
  ]);
  expect(alarms(stack)).toEqual([
    {
      alarm_name: "dask-test--cpu--dead-man-switch",
      alarm_description:
        "The autoscaler of test has been silent for 60 minutes, so all instances of pool cpu end. Look at the scheduler's instance: its status checks, and the journal of dask-autoscaler.service.",
      ...{ namespace: "Dask/test", metric_name: "AutoscalerHeartbeat", statistic: "SampleCount" },
      ...{ period: 60, evaluation_periods: 60, comparison_operator: "LessThanThreshold", threshold: 1 },
      treat_missing_data: "breaching",
      alarm_actions: [POLICY, TOPIC],
      // The autoscaler enables them after its first heartbeats.
      actions_enabled: false,
      lifecycle: { ignore_changes: ["actions_enabled"] },
    },
  ]);
});

test("without monitoring, the alarm only ends the instances", () => {
  expect(alarms(synthesize({ monitoring: false })).map(({ alarm_actions }) => alarm_actions)).toEqual([
    [POLICY],
  ]);
});

test.each([
  ["an autoscaler that may be silent for 5 minutes", "5 minutes", [5]],
  ["a switch that is off", false, []],
] as const)("%s has alarms after %p", (_, deadManSwitch, periods) => {
  const stack = synthesize({ autoscaling: { deadManSwitch } });
  expect(alarms(stack).map(({ evaluation_periods }) => evaluation_periods)).toEqual(periods);
});

test("a cluster without autoscaling has no switch", () => {
  const stack = synthesize({ autoscaling: false });
  expect(alarms(stack)).toEqual([]);
  expect(stack.resources("aws_autoscaling_policy")).toEqual([]);
});
