import { stringify } from "yaml";
import type { Monitoring, RemoteWrite } from "../../config/monitoring";

/** Path below which Prometheus has all its pages, also behind the dashboard proxy. */
export const PROMETHEUS_PATH = "/prometheus/";

/** Page of charts and alerts, which Prometheus renders from `cloud-init/monitoring/dask.html`. */
export const CONSOLE_PATH = `${PROMETHEUS_PATH}consoles/dask.html`;

/** Job of the scheduler, whose name the alert rules have too. */
const JOB = "dask-scheduler";

/** Seconds between two scrapes. With 200 workers, each takes 63 ms of the scheduler's event loop (docs/monitoring.md). */
const SCRAPE_SECONDS = 15;

/** What Prometheus of a cluster reads and where it runs; differs between AWS and a local cluster. */
export interface PrometheusContext {
  /** Name of the cluster: the label `cluster` of every metric. */
  readonly cluster: string;
  /** Address of the scheduler's HTTP server, such as `127.0.0.1:8788`. */
  readonly scheduler: string;
  /**
   * Address of Alertmanager.
   *
   * @default - none: alerts are shown only
   */
  readonly alertmanager?: string;
  /** @default 15 */
  readonly scrapeSeconds?: number;
}

/** Where the files and the server of Prometheus are. */
export interface PrometheusPlace {
  readonly program: string;
  /** Directory with `prometheus.yml`, the alert rules and `consoles/`. */
  readonly configuration: string;
  readonly storage: string;
  /** Address that it listens on, such as `127.0.0.1:9090`. */
  readonly listen: string;
  /** URL by which browsers open it. */
  readonly url: string;
}

/**
 * Returns the configuration of Prometheus: one target, the scheduler, which also exports what the workers' heartbeats contain.
 */
export function prometheusConfiguration(context: PrometheusContext, remoteWrite?: RemoteWrite): string {
  const { cluster, scheduler, alertmanager, scrapeSeconds = SCRAPE_SECONDS } = context;
  return stringify({
    global: {
      scrape_interval: `${scrapeSeconds}s`,
      scrape_timeout: `${Math.min(10, scrapeSeconds)}s`,
      evaluation_interval: `${scrapeSeconds}s`,
      // On alerts and on metrics that leave this Prometheus.
      external_labels: { cluster },
    },
    rule_files: ["dask.rules.yml"],
    ...(alertmanager && { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
    scrape_configs: [
      {
        job_name: JOB,
        // Its address says nothing: the label would be in each alert.
        static_configs: [{ targets: [scheduler], labels: { cluster, instance: "scheduler" } }],
      },
    ],
    ...(remoteWrite && { remote_write: [receiver(remoteWrite)] }),
  });
}

/** Returns the command line of Prometheus. */
export function prometheusCommand(
  { program, configuration, storage, listen, url }: PrometheusPlace,
  { retentionDays, retentionGiB }: Pick<Monitoring, "retentionDays" | "retentionGiB">,
): readonly string[] {
  return [
    program,
    `--config.file=${configuration}/prometheus.yml`,
    `--storage.tsdb.path=${storage}`,
    `--storage.tsdb.retention.time=${retentionDays}d`,
    // Prometheus' GB is a GiB.
    `--storage.tsdb.retention.size=${retentionGiB}GB`,
    `--web.listen-address=${listen}`,
    `--web.external-url=${url}`,
    `--web.route-prefix=${PROMETHEUS_PATH}`,
    `--web.console.templates=${configuration}/consoles`,
    `--web.console.libraries=${configuration}/consoles`,
  ];
}

function receiver(remoteWrite: RemoteWrite) {
  if ("url" in remoteWrite) return { url: remoteWrite.url };
  const { workspaceId, region } = remoteWrite;
  return {
    url: `https://aps-workspaces.${region}.amazonaws.com/workspaces/${workspaceId}/api/v1/remote_write`,
    sigv4: { region },
  };
}
