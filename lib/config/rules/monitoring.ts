import type { AlertSubscription } from "../definition";
import { partitionOf } from "../regions";
import { issueIf, type Rule, repeated } from "./rule";

/** Part of the scheduler's disk that metrics may use. The system, conda and Prometheus' log of new samples need the rest. */
const SHARE_OF_THE_DISK = 1 / 4;

/** Metrics leave enough of the scheduler's disk. */
export const metricsFitTheDisk: Rule = ({ monitoring, scheduler: { diskGiB } }) => {
  const most = Math.floor(diskGiB * SHARE_OF_THE_DISK);
  return issueIf(monitoring !== undefined && monitoring.retentionGiB > most, {
    path: "monitoring.retentionGiB",
    value: monitoring?.retentionGiB,
    expected: `at most ${most}, a quarter of the scheduler's disk of ${diskGiB} GiB`,
    hint: "raise scheduler.diskGiB, or keep fewer metrics",
  });
};

/** Each receiver is subscribed once. */
export const alertsOnce: Rule = ({ monitoring }) =>
  repeated(
    "monitoring.alerts",
    monitoring?.alerts.map(({ protocol, endpoint }) => `${protocol}:${endpoint}`),
    "receiver",
  );

/** Endpoints by protocol (Amazon SNS API Reference, Subscribe). */
const ENDPOINTS: Readonly<Record<AlertSubscription["protocol"], readonly [RegExp, string]>> = {
  email: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address"],
  "email-json": [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address"],
  https: [/^https:\/\/[^\s/]+/, "a URL that begins with https://"],
  sms: [/^\+[1-9]\d{6,14}$/, "a telephone number with country code, such as +4930123456"],
  sqs: [/^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[\w.-]+$/, "the ARN of a queue"],
  lambda: [/^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w:$-]+$/, "the ARN of a function"],
};

/** The endpoint of each receiver has the form that its protocol needs. */
export const alertEndpoints: Rule = ({ monitoring }) =>
  (monitoring?.alerts ?? []).flatMap(({ protocol, endpoint }, index) => {
    const [form, expected] = ENDPOINTS[protocol];
    return issueIf(!form.test(endpoint), {
      path: `monitoring.alerts[${index}].endpoint`,
      value: endpoint,
      expected: `${expected}, with the protocol ${protocol}`,
      hint: "correct the endpoint, or the protocol",
    });
  });

/** The workspace is in a region that has the service and to which the credentials of the cluster apply. */
export const workspaceRegion: Rule = ({ region, monitoring }) => {
  const remote = monitoring?.remoteWrite;
  if (remote === undefined || !("workspaceId" in remote)) return [];
  return issueIf(partitionOf(remote.region) !== partitionOf(region) || partitionOf(region) === "aws-cn", {
    path: "monitoring.remoteWrite.region",
    value: remote.region,
    expected: `a region of the partition of ${region} with Amazon Managed Service for Prometheus, which China lacks`,
    hint: "choose another region, or write to a URL",
  });
};
