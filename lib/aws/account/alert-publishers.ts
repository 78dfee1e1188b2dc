import type { ResolvedCluster } from "../../config/resolved-cluster";
import { alertTopicName } from "../../node/monitoring/alertmanager";
import { resourceName } from "../../node/names";
import type { Account } from "./account";
import { policy, type Statement } from "./policy";

/** Principal of the alarms of CloudWatch. */
const ALARMS = { Service: "cloudwatch.amazonaws.com" };

/** Principal of the rules of EventBridge. */
const RULES = { Service: "events.amazonaws.com" };

/** Actions of a service that publishes to an encrypted topic (Amazon SNS Developer Guide, "Key management"). */
const KEY_ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey*"];

/**
 * Returns the policy of the topic with alerts: alarms and rules whose names begin with that of the cluster may publish. Roles
 * and users of the account need no statement, because policies of IAM allow them.
 */
export function topicPolicy(cluster: ResolvedCluster, account: Account, topicArn: string): string {
  const publish = (Principal: typeof ALARMS, source: string): Statement => ({
    Principal,
    Action: "sns:Publish",
    Resource: topicArn,
    Condition: {
      StringEquals: { "aws:SourceAccount": account.accountId },
      ArnLike: { "aws:SourceArn": source },
    },
  });
  const own = resourceName(cluster, "*");
  return policy(
    { Sid: "Alarms", ...publish(ALARMS, account.arn("cloudwatch", `alarm:${own}`)) },
    { Sid: "Rules", ...publish(RULES, account.arn("events", `rule/${own}`)) },
  );
}

/**
 * Returns the statements of the policy of the cluster's key that let alarms and rules publish to the topic with alerts, and use
 * the key for nothing else. The statement for rules has no condition on their account: SNS does not support it ("Key
 * management"), and would not deliver. The policy of the topic has that condition.
 */
export function keyStatementsOfAlerts(cluster: ResolvedCluster, account: Account): readonly Statement[] {
  if (!cluster.monitoring) return [];
  const topic = {
    "kms:EncryptionContext:aws:sns:topicArn": account.arn("sns", alertTopicName(cluster)),
  };
  const use = { Action: KEY_ACTIONS, Resource: "*" };
  return [
    {
      ...{ Sid: "AlertsOfAlarms", Principal: ALARMS, ...use },
      Condition: { StringEquals: { "aws:SourceAccount": account.accountId, ...topic } },
    },
    { ...{ Sid: "AlertsOfRules", Principal: RULES, ...use }, Condition: { StringEquals: topic } },
  ];
}
