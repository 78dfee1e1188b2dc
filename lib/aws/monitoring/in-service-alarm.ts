import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { PoolPlan } from "../../node/plan";
import type { AlertTopic } from "../alerts/alert-topic";
import { LAUNCH_SECONDS } from "../nodes/launch-hook";

const PERIOD_SECONDS = 300;

/**
 * Periods that instances are missing before the alert: one more than the longest boot, after which the group replaces the
 * instance.
 */
const PERIODS = Math.ceil(LAUNCH_SECONDS / PERIOD_SECONDS) + 1;

/** Minutes that instances are missing before the alert. */
export const MISSING_MINUTES = (PERIODS * PERIOD_SECONDS) / 60;

/** Pool of the alarm, and who gets it. */
export interface InServiceAlarmProps {
  /** Cluster of the pool. */
  readonly cluster: ResolvedCluster;
  /** Pool whose instances are counted. */
  readonly pool: PoolPlan;
  /** Topic of the alerts. */
  readonly alerts: AlertTopic;
}

/**
 * Alarm for a pool that has fewer instances in service than desired for longer than a boot takes, because EC2 has no capacity, a
 * quota is reached, or boots fail. A period counts if even its most instances in service are fewer than the least that were
 * desired, so a pool that has just grown is not short. A pool that grows all the time is.
 */
export class InServiceAlarm extends Construct {
  /** The alarm. */
  readonly alarm: CloudwatchMetricAlarm;

  constructor(scope: Construct, id: string, { cluster, pool: { pool, node }, alerts }: InServiceAlarmProps) {
    super(scope, id);
    const metric = (id: string, metricName: string, stat: string) => ({
      id,
      metric: {
        ...{ namespace: "AWS/AutoScaling", metricName, stat, period: PERIOD_SECONDS },
        dimensions: { AutoScalingGroupName: node.name },
      },
    });
    this.alarm = new CloudwatchMetricAlarm(this, "Resource", {
      alarmName: resourceName(cluster, pool.name, "in-service"),
      alarmDescription: `Pool ${pool.name} of ${cluster.name} has had fewer instances in service than desired for ${MISSING_MINUTES} minutes. Look at the activities of the Auto Scaling group ${node.name}, and at the tag dask:state of its instances.`,
      metricQuery: [
        { id: "missing", expression: "desired - running", label: "missing instances", returnData: true },
        metric("desired", "GroupDesiredCapacity", "Minimum"),
        metric("running", "GroupInServiceInstances", "Maximum"),
      ],
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      evaluationPeriods: PERIODS,
      // A group without metrics is new, or gone.
      treatMissingData: "notBreaching",
      alarmActions: [alerts.arn],
      okActions: [alerts.arn],
    });
  }
}
