import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { PoolPlan } from "../../node/plan";
import type { Account } from "../account/account";
import type { Scheduler } from "../nodes/scheduler";
import type { AlertTopic } from "./alert-topic";
import { InServiceAlarm } from "./in-service-alarm";
import { LaunchFailures } from "./launch-failures";
import { SchedulerAlarms } from "./scheduler-alarms";

/** Nodes that CloudWatch watches, and who gets the alerts. */
export interface CloudWatchMonitoringProps {
  /** Cluster of the nodes. */
  readonly cluster: ResolvedCluster;
  /** Account of the alarms' actions. */
  readonly account: Account;
  /** Scheduler with its status checks. */
  readonly scheduler: Scheduler;
  /** Plans of the pools. */
  readonly pools: readonly PoolPlan[];
  /** Topic of the alerts. */
  readonly alerts: AlertTopic;
}

/**
 * Alerts for what AWS knows and Prometheus does not, because it runs on the scheduler's instance: status checks of the scheduler,
 * pools that are short of instances, and failed launches. They go to the topic with the alerts of Prometheus.
 *
 * @example
 * for (const alarm of dask.cloudWatch?.alarms ?? [])
 *   alarm.insufficientDataActions = ["arn:aws:sns:eu-central-1:123456789012:on-call"];
 */
export class CloudWatchMonitoring extends Construct {
  /** The alarms, first those of the scheduler, then those of the pools in the order of the definition. */
  readonly alarms: readonly CloudwatchMetricAlarm[];

  constructor(scope: Construct, id: string, props: CloudWatchMonitoringProps) {
    super(scope, id);
    const { cluster, account, scheduler, pools, alerts } = props;
    const { alarms } = new SchedulerAlarms(this, "scheduler", { cluster, account, scheduler, alerts });
    const inService = new Construct(this, "in-service");
    this.alarms = [
      ...alarms,
      ...pools.map((pool) => new InServiceAlarm(inService, pool.pool.name, { cluster, pool, alerts }).alarm),
    ];
    new LaunchFailures(this, "launch-failures", { cluster, alerts });
  }
}
