import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { nodeLogGroup } from "../../node/logs";
import { resourceName } from "../../node/names";
import type { PoolPlan } from "../../node/plan";
import type { Scheduler } from "../nodes/scheduler";
import { spotMetric } from "./spot-interruptions";

/** Columns of the grid of a dashboard. */
const COLUMNS = 24;

const PERIOD_SECONDS = 60;

/** Nodes and alarms of the dashboard. */
export interface ClusterDashboardProps {
  /** Cluster of the dashboard. */
  readonly cluster: ResolvedCluster;
  /** Scheduler with its metrics. */
  readonly scheduler: Scheduler;
  /** Plans of the pools. */
  readonly pools: readonly PoolPlan[];
  /** Alarms whose state is shown. */
  readonly alarms: readonly CloudwatchMetricAlarm[];
}

/** Metric of a chart, with its line's label. */
interface Line {
  readonly label: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimension: readonly [name: string, value: string];
  readonly stat?: "Average" | "Maximum" | "Sum";
}

/**
 * Dashboard `dask-<cluster>--<region>` in CloudWatch with what AWS knows of a cluster: alarms, sizes of the pools, CPU and status
 * checks of the scheduler, spot interruptions, and errors in the logs of the nodes. It also works while the scheduler does not.
 */
export class ClusterDashboard extends Construct {
  constructor(scope: Construct, id: string, props: ClusterDashboardProps) {
    super(scope, id);
    const { cluster } = props;
    new CloudwatchDashboard(this, "Resource", {
      // With the region, because dashboards of all regions are in one list.
      dashboardName: resourceName(cluster, cluster.region),
      dashboardBody: JSON.stringify({ widgets: widgets(props) }),
    });
  }
}

/** Widgets without positions: CloudWatch puts them next to each other, and then into the next row. */
function widgets({ cluster, scheduler, pools, alarms }: ClusterDashboardProps): readonly object[] {
  const { region } = cluster;
  const chart = (title: string, lines: readonly Line[]) => ({
    type: "metric",
    ...{ width: COLUMNS / 2, height: 6 },
    properties: {
      ...{ title, region, view: "timeSeries", period: PERIOD_SECONDS },
      yAxis: { left: { min: 0 } },
      metrics: lines.map(({ label, namespace, metric, dimension, stat = "Average" }) => [
        ...[namespace, metric, ...dimension],
        { label, stat },
      ]),
    },
  });
  const ofGroup = (node: string, metric: string, label: string): Line => ({
    ...{ label, metric, namespace: "AWS/AutoScaling", dimension: ["AutoScalingGroupName", node] },
  });
  const ofScheduler = (metric: string, label: string, stat: "Average" | "Maximum" = "Maximum"): Line => ({
    ...{ label, metric, stat, namespace: "AWS/EC2", dimension: ["InstanceId", scheduler.instance.id] },
  });
  const spot = pools.map(({ pool }) => pool).filter(({ spotPercentage }) => spotPercentage > 0);
  return [
    {
      type: "alarm",
      ...{ width: COLUMNS, height: 3 },
      properties: { title: "Alarms", alarms: alarms.map(({ arn }) => arn) },
    },
    ...pools.map(({ pool, node }) =>
      chart(`Instances of the pool ${pool.name}`, [
        ofGroup(node.name, "GroupDesiredCapacity", "desired"),
        ofGroup(node.name, "GroupInServiceInstances", "in service"),
        ofGroup(node.name, "GroupPendingInstances", "booting"),
        ofGroup(node.name, "GroupTerminatingInstances", "ending"),
      ]),
    ),
    chart("CPU of the scheduler in percent", [
      ofScheduler("CPUUtilization", "average", "Average"),
      ofScheduler("CPUUtilization", "maximum"),
    ]),
    chart("Failed status checks of the scheduler", [
      ofScheduler("StatusCheckFailed_System", "system"),
      ofScheduler("StatusCheckFailed_Instance", "instance"),
      ofScheduler("StatusCheckFailed_AttachedEBS", "disk"),
    ]),
    ...(spot.length > 0
      ? [
          chart(
            "Spot interruptions",
            spot.map(({ name }) => ({ label: name, ...spotMetric(cluster, name), stat: "Sum" })),
          ),
        ]
      : []),
    {
      type: "log",
      ...{ width: COLUMNS, height: 8 },
      properties: { ...{ title: "Errors of the nodes", region, view: "table" }, query: errors(cluster) },
    },
  ];
}

/** Query of Logs Insights: what systemd and the kernel log as an error, and Dask's lines, all of which have the priority 6. */
function errors(cluster: ResolvedCluster): string {
  return [
    `SOURCE '${nodeLogGroup(cluster)}'`,
    "fields @timestamp, pool, unit, message, @logStream",
    "filter priority <= 3 or message like / - (ERROR|CRITICAL) - /",
    "sort @timestamp desc",
    "limit 100",
  ].join(" | ");
}
