import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { PoolPlan } from "../../node/plan";
import type { Account } from "../account/account";
import type { AlertTopic } from "../alerts/alert-topic";
import type { LogGroup } from "../encryption/log-group";
import type { Scheduler } from "../nodes/scheduler";
import { ClusterDashboard } from "./cluster-dashboard";
import { InServiceAlarm } from "./in-service-alarm";
import { LaunchFailures } from "./launch-failures";
import { SchedulerAlarms } from "./scheduler-alarms";
import { SpotInterruptions } from "./spot-interruptions";

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
  /** Log group with the journals of the nodes. */
  readonly logs: LogGroup;
  /** Topic of the alerts. */
  readonly alerts: AlertTopic;
}

/**
 * Alerts for what AWS knows and Prometheus does not, because it runs on the scheduler's instance: status checks of the scheduler,
 * pools that are short of instances, spot interruptions and failed launches. They go to the topic with the alerts of Prometheus.
 * A dashboard in CloudWatch, `dask-<cluster>--<region>`, shows the same.
 *
 * @example
 * for (const alarm of dask.cloudWatch?.alarms ?? [])
 *   alarm.insufficientDataActions = ["arn:aws:sns:eu-central-1:123456789012:on-call"];
 */
export class CloudWatchMonitoring extends Construct {
  /** The alarms, first those of the scheduler, then those of the pools, by name. */
  readonly alarms: readonly CloudwatchMetricAlarm[];

  constructor(scope: Construct, id: string, props: CloudWatchMonitoringProps) {
    super(scope, id);
    const { cluster, account, scheduler, logs, alerts } = props;
    // By name, so that another order of the pools in the definition changes nothing.
    const pools = props.pools.toSorted((one, other) => (one.pool.name < other.pool.name ? -1 : 1));
    const { alarms } = new SchedulerAlarms(this, "scheduler", { cluster, account, scheduler, alerts });
    const inService = new Construct(this, "in-service");
    const ofPools = pools.map(
      (pool) => new InServiceAlarm(inService, pool.pool.name, { cluster, pool, alerts }).alarm,
    );
    const spot = pools.map(({ pool }) => pool).filter(({ spotPercentage }) => spotPercentage > 0);
    const ofSpot =
      spot.length > 0
        ? new SpotInterruptions(this, "spot-interruptions", { cluster, pools: spot, logs, alerts }).alarms
        : [];
    this.alarms = [...alarms, ...ofPools, ...ofSpot];
    new LaunchFailures(this, "launch-failures", { cluster, alerts });
    new ClusterDashboard(this, "dashboard", { cluster, scheduler, pools, alarms: this.alarms });
  }
}
