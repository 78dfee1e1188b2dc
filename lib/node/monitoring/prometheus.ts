import { stringify } from "yaml";
import type { Monitoring, RemoteWrite } from "../../config/monitoring";

/** Path below which Prometheus has all its pages, also behind the dashboard proxy. */
export const PROMETHEUS_PATH = "/prometheus/";

/** Page of charts and alerts, which Prometheus renders from `cloud-init/monitoring/dask.html`. */
export const CONSOLE_PATH = `${PROMETHEUS_PATH}consoles/dask.html`;

/** Jobs of the scheduler and of the autoscaler, whose names the alert rules have too. */
const JOBS = { scheduler: "dask-scheduler", autoscaler: "dask-autoscaler" };

/** Seconds between two scrapes. With 200 workers, each takes 63 ms of the scheduler's event loop (docs/monitoring.md). */
const SCRAPE_SECONDS = 15;

/** What Prometheus of a cluster reads and where it runs; differs between AWS and a local cluster. */
export interface PrometheusContext {
  /** Name of the cluster: the label `cluster` of every metric. */
  readonly cluster: string;
  /** Address of the scheduler's HTTP server, such as `127.0.0.1:8788`. */
  readonly scheduler: string;
  /**
   * Address of the metrics of the autoscaler.
   *
   * @default - none: there is no autoscaler, and there are no rules for it
   */
  readonly autoscaler?: string;
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

/** Returns the names of the files with alert rules, which are those below `cloud-init/monitoring`. */
export function ruleFiles({ autoscaler }: Pick<PrometheusContext, "autoscaler">): readonly string[] {
  return ["dask.rules.yml", ...(autoscaler === undefined ? [] : ["autoscaler.rules.yml"])];
}

/**
 * Returns the configuration of Prometheus. Its targets are the scheduler, which also exports what the workers' heartbeats
 * contain, and the autoscaler, if there is one.
 */
export function prometheusConfiguration(context: PrometheusContext, remoteWrite?: RemoteWrite): string {
  const { cluster, scheduler, autoscaler, alertmanager, scrapeSeconds = SCRAPE_SECONDS } = context;
  // Addresses say nothing: the label would be in each alert.
  const scrape = (instance: keyof typeof JOBS, address: string) => ({
    job_name: JOBS[instance],
    static_configs: [{ targets: [address], labels: { cluster, instance } }],
  });
  return stringify({
    global: {
      scrape_interval: `${scrapeSeconds}s`,
      scrape_timeout: `${Math.min(10, scrapeSeconds)}s`,
      evaluation_interval: `${scrapeSeconds}s`,
      // On alerts and on metrics that leave this Prometheus.
      external_labels: { cluster },
    },
    rule_files: ruleFiles(context),
    ...(alertmanager && { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
    scrape_configs: [
      scrape("scheduler", scheduler),
      ...(autoscaler === undefined ? [] : [scrape("autoscaler", autoscaler)]),
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
