import { CloudwatchLogMetricFilter } from "@cdktf/provider-aws/lib/cloudwatch-log-metric-filter";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import { metricNamespace } from "../../node/dead-man-switch";
import { resourceName } from "../../node/names";
import { SPOT_NOTICE, WATCH_UNIT } from "../../node/watch";
import type { AlertTopic } from "../alerts/alert-topic";
import type { LogGroup } from "../encryption/log-group";

const PERIOD_SECONDS = 300;

const METRIC = "SpotInterruptions";

const DIMENSION = "pool";

/** Returns the metric with the number of spot interruptions of a pool. */
export function spotMetric(cluster: ResolvedCluster, pool: string) {
  return {
    namespace: metricNamespace(cluster),
    metric: METRIC,
    dimension: [DIMENSION, pool],
  } as const;
}

/** Pools with spot instances, their logs, and who gets the alerts. */
export interface SpotInterruptionsProps {
  /** Cluster of the pools. */
  readonly cluster: ResolvedCluster;
  /** Pools with spot instances. */
  readonly pools: readonly Pool[];
  /** Log group with the journals of the nodes. */
  readonly logs: LogGroup;
  /** Topic of the alerts. */
  readonly alerts: AlertTopic;
}

/**
 * Metric of the spot interruptions of each pool, and an alarm for each pool with spot instances. Several interruptions within five
 * minutes are one alert.
 *
 * The source is the journal of the interrupted node, which logs the notice before it drains. EventBridge has the notice too, but
 * its event contains nothing of an instance but its id, so no rule can select the instances of one cluster (EC2 User Guide, "Spot
 * Instance interruption notices"). Rebalance recommendations raise no alert: Auto Scaling then starts a replacement first.
 */
export class SpotInterruptions extends Construct {
  /** The alarms, in the order of the pools. */
  readonly alarms: readonly CloudwatchMetricAlarm[];

  constructor(scope: Construct, id: string, { cluster, pools, logs, alerts }: SpotInterruptionsProps) {
    super(scope, id);
    new CloudwatchLogMetricFilter(this, "Resource", {
      name: resourceName(cluster, "spot-interruptions"),
      logGroupName: logs.group.name,
      pattern: `{ ($.unit = "${WATCH_UNIT}") && ($.message = "${SPOT_NOTICE}*") }`,
      metricTransformation: {
        ...{ name: METRIC, namespace: metricNamespace(cluster), value: "1", unit: "Count" },
        dimensions: { [DIMENSION]: "$.pool" },
      },
    });
    this.alarms = pools.map(
      (pool) =>
        new CloudwatchMetricAlarm(this, pool.name, {
          alarmName: resourceName(cluster, pool.name, "spot-interruptions"),
          alarmDescription: `EC2 interrupts spot instances of pool ${pool.name} of ${cluster.name}. Their workers move their data to others, and the pool starts replacements. If that happens often, add instance types or zones.`,
          ...{ namespace: metricNamespace(cluster), metricName: METRIC, statistic: "Sum" },
          dimensions: { [DIMENSION]: pool.name },
          period: PERIOD_SECONDS,
          evaluationPeriods: 1,
          comparisonOperator: "GreaterThanThreshold",
          threshold: 0,
          treatMissingData: "notBreaching",
          alarmActions: [alerts.arn],
        }),
    );
  }
}
