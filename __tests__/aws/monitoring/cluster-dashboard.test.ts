import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { Synthesized } from "../../support/synthesized";

const GROUP = "AWS/AutoScaling";
const SCHEDULER = ["InstanceId", expect.stringMatching(/^\$\{aws_instance\.dask_scheduler_\w+\.id\}$/)];

const synthesize = (definition: Partial<ClusterDefinition> = {}) => {
  const cluster = defineCluster({
    name: "test",
    region: "eu-west-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    ...definition,
  });
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster }));
};

const chart = (title: string, metrics: readonly unknown[]) => ({
  type: "metric",
  width: 12,
  height: 6,
  properties: {
    title,
    region: "eu-west-1",
    view: "timeSeries",
    period: 60,
    yAxis: { left: { min: 0 } },
    metrics,
  },
});

const pool = (name: string) => {
  const group = ["AutoScalingGroupName", `dask-test--${name}`];
  return chart(`Instances of the pool ${name}`, [
    [GROUP, "GroupDesiredCapacity", ...group, { label: "desired", stat: "Average" }],
    [GROUP, "GroupInServiceInstances", ...group, { label: "in service", stat: "Average" }],
    [GROUP, "GroupPendingInstances", ...group, { label: "booting", stat: "Average" }],
    [GROUP, "GroupTerminatingInstances", ...group, { label: "ending", stat: "Average" }],
  ]);
};

const widgets = (stack: Synthesized): readonly { readonly properties: { readonly title: string } }[] =>
  JSON.parse(String(stack.resource("aws_cloudwatch_dashboard").dashboard_body)).widgets;

test("the dashboard shows alarms, sizes of the pools, the scheduler, spot interruptions and errors", () => {
  const stack = synthesize({
    pools: [
      { name: "cpu", kind: "cpu", spotPercentage: 50 },
      { name: "large", kind: "cpu" },
    ],
  });
  expect(stack.resource("aws_cloudwatch_dashboard").dashboard_name).toBe("dask-test--eu-west-1");
  expect(widgets(stack)).toEqual([
    {
      type: "alarm",
      width: 24,
      height: 3,
      properties: {
        title: "Alarms",
        alarms: [
          "scheduler_system",
          "scheduler_instance",
          "in-service_cpu",
          "in-service_large",
          "spot-interruptions_cpu",
        ].map((id) =>
          expect.stringMatching(
            new RegExp(`^\\$\\{aws_cloudwatch_metric_alarm\\.dask_cloudwatch_${id}_\\w{8}\\.arn\\}$`),
          ),
        ),
      },
    },
    pool("cpu"),
    pool("large"),
    chart("CPU of the scheduler in percent", [
      ["AWS/EC2", "CPUUtilization", ...SCHEDULER, { label: "average", stat: "Average" }],
      ["AWS/EC2", "CPUUtilization", ...SCHEDULER, { label: "maximum", stat: "Maximum" }],
    ]),
    chart("Failed status checks of the scheduler", [
      ["AWS/EC2", "StatusCheckFailed_System", ...SCHEDULER, { label: "system", stat: "Maximum" }],
      ["AWS/EC2", "StatusCheckFailed_Instance", ...SCHEDULER, { label: "instance", stat: "Maximum" }],
      ["AWS/EC2", "StatusCheckFailed_AttachedEBS", ...SCHEDULER, { label: "disk", stat: "Maximum" }],
    ]),
    chart("Spot interruptions", [
      ["Dask/test", "SpotInterruptions", "pool", "cpu", { label: "cpu", stat: "Sum" }],
    ]),
    {
      type: "log",
      width: 24,
      height: 8,
      properties: {
        title: "Errors of the nodes",
        region: "eu-west-1",
        view: "table",
        query:
          "SOURCE '/dask/test/nodes' | fields @timestamp, pool, unit, message, @logStream | filter priority <= 3 or message like / - (ERROR|CRITICAL) - / | sort @timestamp desc | limit 100",
      },
    },
  ]);
});

test("the dashboard does not change when the pools are reordered", () => {
  const cpu = { name: "cpu", kind: "cpu", spotPercentage: 50 } as const;
  const large = { name: "large", kind: "cpu", spotPercentage: 10 } as const;
  const [one, other] = [
    [cpu, large],
    [large, cpu],
  ].map((pools) => widgets(synthesize({ pools })));
  expect(one).toEqual(other);
  expect(one?.length).toBe(7);
});

test("the dashboard shows the metrics that the groups publish", () => {
  const stack = synthesize();
  const shown = JSON.stringify(widgets(stack)).match(/"Group\w+"/g) ?? [];
  expect(new Set(shown).size).toBe(4);
  const { enabled_metrics } = stack.resource("aws_autoscaling_group");
  expect(enabled_metrics).toEqual(expect.arrayContaining(shown.map((name) => JSON.parse(name))));
});

test("without spot instances, the dashboard does not show their interruptions", () => {
  const titles = widgets(synthesize()).map(({ properties }) => properties.title);
  expect(titles).toEqual([
    ...["Alarms", "Instances of the pool cpu", "CPU of the scheduler in percent"],
    ...["Failed status checks of the scheduler", "Errors of the nodes"],
  ]);
});

test("a cluster without monitoring has no dashboard", () => {
  expect(synthesize({ monitoring: false }).counts).not.toHaveProperty("aws_cloudwatch_dashboard");
});
