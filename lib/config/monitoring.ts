import type { AlertSubscription, MonitoringDefinition } from "./definition";

/** Monitoring of a resolved cluster. */
export interface Monitoring {
  /** Whether the definition asks for it. A cluster on AWS has it by default, a local one only then. */
  readonly requested: boolean;
  /** Days that Prometheus keeps metrics, at most. */
  readonly retentionDays: number;
  /** Disk space for metrics in GiB. */
  readonly retentionGiB: number;
  /** Subscriptions of the topic with alerts. */
  readonly alerts: readonly AlertSubscription[];
  /** Where Prometheus also writes all metrics; absent if nowhere. */
  readonly remoteWrite?: RemoteWrite;
}

/** Receiver of metrics: a workspace with its region, or a URL. */
export type RemoteWrite =
  | {
      /** Id of the workspace. */
      readonly workspaceId: string;
      /** Region of the workspace. */
      readonly region: string;
    }
  | {
      /** URL of the receiver. */
      readonly url: string;
    };

const DEFAULT_RETENTION_DAYS = 15;

/**
 * Default disk space for metrics. In 15 days, a metric has 86,400 samples of 1 to 2 bytes (Prometheus documentation,
 * "Storage"), so 4 GiB are enough for 25,000 metrics, those of about 500 workers.
 */
const DEFAULT_RETENTION_GIB = 4;

/** Returns the field `monitoring` of a resolved cluster, if it has monitoring. */
export function monitoringOf(
  definition: boolean | MonitoringDefinition | undefined,
  region: string,
): { readonly monitoring?: Monitoring } {
  if (definition === false) return {};
  const { retentionDays, retentionGiB, alerts, remoteWrite } =
    typeof definition === "object" ? definition : {};
  return {
    monitoring: {
      requested: definition !== undefined,
      retentionDays: retentionDays ?? DEFAULT_RETENTION_DAYS,
      retentionGiB: retentionGiB ?? DEFAULT_RETENTION_GIB,
      alerts: (alerts ?? []).map((alert) =>
        typeof alert === "string" ? { protocol: "email", endpoint: alert } : { ...alert },
      ),
      ...(remoteWrite && { remoteWrite: remoteWriteOf(remoteWrite, region) }),
    },
  };
}

function remoteWriteOf(
  definition: NonNullable<MonitoringDefinition["remoteWrite"]>,
  region: string,
): RemoteWrite {
  return definition.url === undefined
    ? { workspaceId: definition.workspaceId, region: definition.region ?? region }
    : { url: definition.url };
}
