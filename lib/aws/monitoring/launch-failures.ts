import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { AlertTopic } from "../alerts/alert-topic";

/** Cluster whose launches are watched, and who gets the alerts. */
export interface LaunchFailuresProps {
  /** Cluster of the Auto Scaling groups. */
  readonly cluster: ResolvedCluster;
  /** Topic of the alerts. */
  readonly alerts: AlertTopic;
}

/**
 * Rule that sends each failed launch of the cluster's Auto Scaling groups to the topic, with the reason that AWS gives, such as
 * missing capacity or a quota. A group repeats a failed launch, so there can be several messages. EC2 Auto Scaling emits the
 * events on a best-effort basis (its User Guide, "Amazon EC2 Auto Scaling event reference").
 *
 * It does not wait for the groups, so it also reports launches of the first deployment.
 */
export class LaunchFailures extends Construct {
  constructor(scope: Construct, id: string, { cluster, alerts }: LaunchFailuresProps) {
    super(scope, id);
    const rule = new CloudwatchEventRule(this, "Resource", {
      name: resourceName(cluster, "launch-failures"),
      description: `failed launches of the Auto Scaling groups of the Dask cluster ${cluster.name}`,
      eventPattern: JSON.stringify({
        source: ["aws.autoscaling"],
        "detail-type": ["EC2 Instance Launch Unsuccessful"],
        detail: { AutoScalingGroupName: [{ prefix: resourceName(cluster, "") }] },
      }),
    });
    // Without a role: an event with one would not arrive at an encrypted topic (EventBridge User Guide, "Using resource-based
    // policies").
    new CloudwatchEventTarget(this, "topic", {
      rule: rule.name,
      targetId: "topic",
      arn: alerts.arn,
      // Values without quotes around them, so that EventBridge escapes them.
      inputTransformer: {
        inputPaths: {
          time: "$.time",
          group: "$.detail.AutoScalingGroupName",
          reason: "$.detail.StatusMessage",
        },
        inputTemplate: `{"alert": "a launch of ${cluster.name} failed", "group": <group>, "reason": <reason>, "time": <time>}`,
      },
    });
  }
}
