import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import type { Monitoring } from "../../config/monitoring";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { alertTopicName } from "../../node/monitoring/alertmanager";
import type { Account } from "../account/account";
import { topicPolicy } from "../account/alert-publishers";
import type { EncryptionKey } from "../encryption/encryption-key";

/** Decides who gets the alerts of a cluster, and who may publish them. */
export interface AlertTopicProps {
  /** Cluster of the alerts. */
  readonly cluster: ResolvedCluster;
  /** Its receivers. */
  readonly monitoring: Monitoring;
  /** Account whose alarms and rules publish. */
  readonly account: Account;
  /** Key that encrypts messages until they are delivered. */
  readonly key: EncryptionKey;
}

/**
 * SNS topic with the alerts of a cluster, and the subscriptions of the definition. A receiver by e-mail or HTTPS has to confirm
 * its subscription. Alertmanager publishes by the role of the scheduler, and alarms of CloudWatch and rules of EventBridge by the
 * policy of the topic, if their names begin with `dask-<cluster>--`.
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

  constructor(scope: Construct, id: string, { cluster, monitoring, account, key }: AlertTopicProps) {
    super(scope, id);
    const name = alertTopicName(cluster);
    this.arn = new SnsTopic(this, "Resource", { name, kmsMasterKeyId: key.arn, tags: { Name: name } }).arn;
    new SnsTopicPolicy(this, "policy", {
      arn: this.arn,
      policy: topicPolicy(cluster, account, this.arn),
    });
    for (const { protocol, endpoint } of monitoring.alerts)
      new SnsTopicSubscription(this, `${protocol}-${endpoint}`.replaceAll("/", "_"), {
        topicArn: this.arn,
        protocol,
        endpoint,
      });
  }
}
