import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { factsOf } from "../../config/instance-types";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import type { AlertTopic } from "../alerts/alert-topic";
import type { Scheduler } from "../nodes/scheduler";

/** Minutes that the check of the system fails before the recovery (EC2 User Guide, "Create alarms that … recover an instance"). */
const SYSTEM_MINUTES = 2;

/** Minutes that the check of the instance fails before the alert: more than a reboot takes. */
const INSTANCE_MINUTES = 5;

/** Scheduler of the alarms, and who gets them. */
export interface SchedulerAlarmsProps {
  /** Cluster of the scheduler. */
  readonly cluster: ResolvedCluster;
  /** Account of the recovery action. */
  readonly account: Account;
  /** Scheduler with the checks. */
  readonly scheduler: Scheduler;
  /** Topic of the alerts. */
  readonly alerts: AlertTopic;
}

/**
 * Alarms for the two status checks of EC2 that a Prometheus on the same instance cannot report:
 *
 * - The check of the system fails: hardware or network below the instance. After two minutes, EC2 recovers the instance on
 *   other hardware, with its id, address and disk. The scheduler starts again as after a reboot, so what it had in memory is
 *   lost. EC2's simplified automatic recovery, which is the default of these instance types, does the same later and without a
 *   message (EC2 User Guide, "Automatic instance recovery").
 * - The check of the instance fails: its operating system does not answer. The alarm only sends an alert.
 *
 * An instance type with an instance store, of bare metal, or without known facts has no recovery by the alarm: EC2 supports it for
 * some of them only, and rejects the alarm for the others. See `canRecover`.
 */
export class SchedulerAlarms extends Construct {
  /** The alarms. */
  readonly alarms: readonly CloudwatchMetricAlarm[];

  constructor(scope: Construct, id: string, { cluster, account, scheduler, alerts }: SchedulerAlarmsProps) {
    super(scope, id);
    const check = {
      ...{ namespace: "AWS/EC2", statistic: "Maximum", period: 60 },
      dimensions: { InstanceId: scheduler.instance.id },
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      // Other settings could start a recovery because metrics are late (EC2 User Guide, the same page).
      treatMissingData: "missing",
      okActions: [alerts.arn],
    };
    const recover = `arn:${account.partition}:automate:${cluster.region}:ec2:recover`;
    const recoverable = canRecover(cluster);
    this.alarms = [
      new CloudwatchMetricAlarm(this, "system", {
        ...check,
        alarmName: resourceName(cluster, "scheduler", "system-check"),
        alarmDescription: `The hardware or network of the scheduler of ${cluster.name} fails. ${
          recoverable
            ? "EC2 recovers the instance on other hardware, and the scheduler starts again without what it had in memory"
            : "EC2 does not recover this instance type by an alarm: stop and start the instance"
        }.`,
        metricName: "StatusCheckFailed_System",
        evaluationPeriods: SYSTEM_MINUTES,
        alarmActions: [...(recoverable ? [recover] : []), alerts.arn],
      }),
      new CloudwatchMetricAlarm(this, "instance", {
        ...check,
        alarmName: resourceName(cluster, "scheduler", "instance-check"),
        alarmDescription: `The operating system of the scheduler of ${cluster.name} does not answer. Look at its console output, and reboot it.`,
        metricName: "StatusCheckFailed_Instance",
        evaluationPeriods: INSTANCE_MINUTES,
        alarmActions: [alerts.arn],
      }),
    ];
  }
}

/**
 * Returns whether EC2 surely recovers an instance of the scheduler's type by an alarm: one with EBS volumes only that is not bare
 * metal (EC2 User Guide, "Requirements" of the recover action).
 */
export function canRecover({ scheduler }: Pick<ResolvedCluster, "scheduler">): boolean {
  const { instanceType } = scheduler;
  return factsOf(scheduler, instanceType)?.disks === 0 && !instanceType.includes(".metal");
}
