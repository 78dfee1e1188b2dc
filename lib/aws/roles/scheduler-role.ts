import type { Construct } from "constructs";
import type { RemoteWrite } from "../../config/monitoring";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { deadManSwitchSettings } from "../../node/dead-man-switch";
import { signalParameter } from "../../node/signal";
import { hasPriceList } from "../../node/status-page";
import type { AlertTopic } from "../alerts/alert-topic";
import type { JsonObject } from "../artifacts/json-object";
import { NodeRole, type NodeRoleProps } from "./node-role";

/** Decides what the scheduler's node may read and write. */
export interface SchedulerRoleProps extends NodeRoleProps {
  /** Expectation of the smoke test, which the node reads. */
  readonly expectation: JsonObject;
  /** @default - none: a cluster without autoscaling */
  readonly autoscaler?: AutoscalerAccess;
  /** @default - none: a cluster without monitoring */
  readonly alerts?: AlertTopic;
}

/** What the autoscaler reads and changes. */
export interface AutoscalerAccess {
  /** Its settings. */
  readonly settings: JsonObject;
  /** Names of the Auto Scaling groups of the pools. */
  readonly groups: readonly string[];
}

/**
 * Role of the scheduler's instance. In addition to `NodeRole`, it may read the URL of its readiness signal and the
 * expectation of the smoke test, read and write the secrets, read the state of all nodes, publish alerts and metrics, and
 * set the sizes of the pools.
 *
 * @example
 * dask.scheduler.role.permissionsBoundary = "arn:aws:iam::123456789012:policy/boundary";
 */
export class SchedulerRole extends NodeRole {
  constructor(scope: Construct, id: string, props: SchedulerRoleProps) {
    const { cluster, secrets } = props;
    const description = `scheduler of the Dask cluster ${cluster.name}`;
    super(scope, id, { ...props, kind: "scheduler", description });
    this.allow("read-signal", {
      Action: "ssm:GetParameter",
      Resource: this.account.arn("ssm", `parameter${signalParameter(cluster)}`),
    });
    this.allow("read-expectation", { Action: "s3:GetObject", Resource: props.expectation.arn });
    // The scheduler creates the CA, and stores it and its certificates for a later scheduler and for other nodes.
    if (secrets) this.allowSecrets(Object.values(secrets.arns), "PutSecretValue");
    if (props.autoscaler) this.allowAutoscaler(cluster, props.autoscaler);
    if (cluster.tls) this.allowStatusPage(cluster);
    if (props.alerts) this.allowAlerts(props.alerts);
    if (cluster.monitoring?.remoteWrite) this.allowMetrics(cluster.monitoring.remoteWrite);
    this.allowHeartbeat(cluster);
  }

  /**
   * Allows reading the settings, and the sizes and prices of the pools. AWS cannot restrict descriptions to groups or
   * instances.
   */
  private allowAutoscaler(cluster: ResolvedCluster, { settings, groups }: AutoscalerAccess): void {
    this.allow(
      "scale-pools",
      { Action: "s3:GetObject", Resource: settings.arn },
      {
        Action: ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
        // AWS assigns the id in place of the asterisk.
        Resource: groups.map((name) =>
          this.account.arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${name}`),
        ),
      },
    );
    this.allow("describe-pools", {
      Action: [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeInstances",
        ...spotPrices(cluster),
      ],
      Resource: "*",
    });
  }

  /** Allows reading the state of all nodes and their prices, in the region of the cluster. */
  private allowStatusPage(cluster: ResolvedCluster): void {
    this.allow(
      "status-page",
      {
        Action: [
          "autoscaling:DescribeAutoScalingGroups",
          "autoscaling:DescribeScalingActivities",
          "ec2:DescribeInstances",
          ...spotPrices(cluster),
        ],
        // None of these supports resources (Service Authorization Reference).
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestedRegion": cluster.region } },
      },
      // Public prices, in another region.
      ...(hasPriceList(cluster) ? [{ Action: "pricing:GetProducts", Resource: "*" }] : []),
    );
  }

  /** Allows publishing to the topic, and the use of its key for this topic only. */
  private allowAlerts({ arn }: AlertTopic): void {
    this.allow(
      "publish-alerts",
      { Action: "sns:Publish", Resource: arn },
      {
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: this.key.arn,
        Condition: {
          StringEquals: {
            "kms:ViaService": this.account.servicePrincipal("sns"),
            "kms:EncryptionContext:aws:sns:topicArn": arn,
          },
        },
      },
    );
  }

  /** Allows the autoscaler's heartbeat in CloudWatch, and to enable the alarms on it. */
  private allowHeartbeat(cluster: ResolvedCluster): void {
    const heartbeat = deadManSwitchSettings(cluster);
    if (!heartbeat) return;
    this.allow(
      "publish-heartbeat",
      {
        Action: "cloudwatch:PutMetricData",
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": heartbeat.namespace } },
      },
      {
        Action: ["cloudwatch:DescribeAlarms", "cloudwatch:EnableAlarmActions"],
        Resource: heartbeat.alarms.map((name) => this.account.arn("cloudwatch", `alarm:${name}`)),
      },
    );
  }

  /** Allows writing to the workspace. A URL needs no permission of AWS. */
  private allowMetrics(remoteWrite: RemoteWrite): void {
    if ("url" in remoteWrite) return;
    const { workspaceId, region } = remoteWrite;
    const { partition, accountId } = this.account;
    this.allow("write-metrics", {
      Action: "aps:RemoteWrite",
      Resource: `arn:${partition}:aps:${region}:${accountId}:workspace/${workspaceId}`,
    });
  }
}

/** Returns the action that reads the prices of spot instances, for a cluster that may have some. */
function spotPrices({ pools }: ResolvedCluster): readonly string[] {
  return pools.some(({ spotPercentage }) => spotPercentage > 0) ? ["ec2:DescribeSpotPriceHistory"] : [];
}
