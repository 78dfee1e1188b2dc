import { AutoscalingPolicy } from "@cdktf/provider-aws/lib/autoscaling-policy";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { deadManAlarm, HEARTBEAT, HEARTBEAT_SECONDS, metricNamespace } from "../../node/dead-man-switch";
import { suppress } from "../account/suppression";
import type { WorkerPool } from "./worker-pool";

/** Pause after the switch, before it acts again. The default of AWS is that of the group, which is not in the policy. */
const COOLDOWN_SECONDS = 300;

/** Pool that is ended, and when. */
export interface DeadManSwitchProps {
  /** Cluster of the pool. */
  readonly cluster: ResolvedCluster;
  /** Pool whose instances are ended. */
  readonly pool: WorkerPool;
  /** Seconds without a heartbeat of the autoscaler, from 5 minutes to 1 day. */
  readonly seconds: number;
  /**
   * ARNs of the topics that the alarm reports to.
   *
   * @default - none
   */
  readonly alertArns?: readonly string[];
}

/**
 * Ends all instances of a pool if the autoscaler is silent for too long, for example because the scheduler's instance is broken:
 * nobody else would end them. An alarm on missing heartbeats sets the desired size of the pool to 0.
 *
 * The alarm is created with disabled actions. Without heartbeats it would end the first instances while the scheduler boots, so the
 * autoscaler enables the actions once it has published some.
 */
export class DeadManSwitch extends Construct {
  /** The alarm. */
  readonly alarm: CloudwatchMetricAlarm;

  constructor(scope: Construct, id: string, { cluster, pool, seconds, alertArns = [] }: DeadManSwitchProps) {
    super(scope, id);
    const { name } = pool.pool;
    const policy = new AutoscalingPolicy(this, "policy", {
      name: deadManAlarm(cluster, name),
      autoscalingGroupName: pool.groupName,
      policyType: "SimpleScaling",
      adjustmentType: "ExactCapacity",
      scalingAdjustment: 0,
      cooldown: COOLDOWN_SECONDS,
    });
    this.alarm = new CloudwatchMetricAlarm(this, "Resource", {
      alarmName: deadManAlarm(cluster, name),
      alarmDescription: `The autoscaler of ${cluster.name} has been silent for ${seconds / 60} minutes, so all instances of pool ${name} end. Look at the scheduler's instance: its status checks, and the journal of dask-autoscaler.service.`,
      ...{ namespace: metricNamespace(cluster), metricName: HEARTBEAT, statistic: "SampleCount" },
      period: HEARTBEAT_SECONDS,
      evaluationPeriods: Math.ceil(seconds / HEARTBEAT_SECONDS),
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      treatMissingData: "breaching",
      alarmActions: [policy.arn, ...alertArns],
      actionsEnabled: false,
      lifecycle: { ignoreChanges: ["actions_enabled"] },
    });
    suppress(
      this.alarm,
      "CKV_AWS_319",
      "the autoscaler enables the actions after its first heartbeats; before that, the alarm would end the first instances",
    );
  }
}
