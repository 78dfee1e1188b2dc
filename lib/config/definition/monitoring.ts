/** Prometheus with its alerts: docs/monitoring.md. */
export interface MonitoringDefinition {
  /**
   * Days that Prometheus keeps metrics, at most.
   *
   * @default 15
   */
  readonly retentionDays?: number;
  /**
   * Disk space for metrics in GiB. Prometheus then deletes the oldest. At most a quarter of the scheduler's disk.
   *
   * @default 4
   */
  readonly retentionGiB?: number;
  /**
   * Who gets alerts of the severities critical and warning: e-mail addresses, which have to confirm the subscription, and other
   * subscriptions of the cluster's SNS topic. Only on AWS.
   *
   * @default - nobody; the page of Prometheus shows them
   */
  readonly alerts?: readonly (string | AlertSubscription)[];
  /**
   * Where Prometheus also writes all metrics, to keep them longer than the scheduler's node.
   *
   * @default - nowhere
   */
  readonly remoteWrite?: RemoteWriteDefinition;
}

/** Subscription of the topic with alerts. */
export interface AlertSubscription {
  /** Protocol of Amazon SNS. */
  readonly protocol: "email" | "email-json" | "https" | "sms" | "sqs" | "lambda";
  /**
   * E-mail address, URL, telephone number as in `+4930123456`, or the ARN of a queue or function, whose policy has to allow the
   * topic.
   */
  readonly endpoint: string;
}

/** Receiver of metrics: a workspace of Amazon Managed Service for Prometheus, or a URL. */
export type RemoteWriteDefinition = WorkspaceDefinition | RemoteUrlDefinition;

/** Workspace of Amazon Managed Service for Prometheus in the account of the cluster. The scheduler's role signs its requests. */
export interface WorkspaceDefinition {
  /** Id of the workspace, such as `ws-01234567-89ab-cdef-0123-456789abcdef`. */
  readonly workspaceId: string;
  /**
   * Region of the workspace.
   *
   * @default - the region of the cluster
   */
  readonly region?: string;
  readonly url?: undefined;
}

/** Receiver with Prometheus' remote write protocol, without credentials. */
export interface RemoteUrlDefinition {
  /** URL of the receiver, such as `https://metrics.example.com/api/v1/write`. */
  readonly url: string;
  readonly workspaceId?: undefined;
  readonly region?: undefined;
}
