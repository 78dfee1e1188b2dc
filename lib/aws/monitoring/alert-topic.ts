import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import type { Monitoring } from "../../config/monitoring";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { alertTopicName } from "../../node/monitoring/alertmanager";
import type { EncryptionKey } from "../encryption/encryption-key";

/** Decides who gets the alerts of a cluster. */
export interface AlertTopicProps {
  /** Cluster of the alerts. */
  readonly cluster: ResolvedCluster;
  /** Its receivers. */
  readonly monitoring: Monitoring;
  /** Key that encrypts messages until they are delivered. */
  readonly key: EncryptionKey;
}

/**
 * SNS topic with the alerts of a cluster, and the subscriptions of the definition. A receiver by e-mail or HTTPS has to confirm
 * its subscription.
 *
 * @example
 * import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
 *
 * const topicArn = dask.alerts?.arn ?? "";
 * new SnsTopicSubscription(stack, "chat", { topicArn, protocol: "lambda", endpoint: "arn:aws:lambda:…" });
 */
export class AlertTopic extends Construct {
  /** ARN of the topic. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { cluster, monitoring, key }: AlertTopicProps) {
    super(scope, id);
    const name = alertTopicName(cluster);
    this.arn = new SnsTopic(this, "Resource", { name, kmsMasterKeyId: key.arn, tags: { Name: name } }).arn;
    for (const { protocol, endpoint } of monitoring.alerts)
      new SnsTopicSubscription(this, `${protocol}-${endpoint}`.replaceAll("/", "_"), {
        topicArn: this.arn,
        protocol,
        endpoint,
      });
  }
}
