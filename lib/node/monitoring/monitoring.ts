import type { Monitoring } from "../../config/monitoring";
import { PORTS } from "../../config/ports";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { httpPort } from "../node-context";
import { copy, text, UNITS } from "../node-files";
import type { NodeFeature, NodeFile } from "../node-plan";
import { commandLine } from "../systemd-unit";
import { renderTemplate } from "../template";
import { alertmanagerConfiguration } from "./alertmanager";
import { PANELS } from "./panels";
import {
  PROMETHEUS_PATH,
  type PrometheusContext,
  prometheusCommand,
  prometheusConfiguration,
  ruleFiles,
} from "./prometheus";

/** Directory of the configuration; not below `/etc/dask`, where Dask reads each YAML file. */
export const CONFIGURATION = "/etc/dask-monitoring";

const PROMETHEUS = `127.0.0.1:${PORTS.prometheus.from}`;
const ALERTMANAGER = `127.0.0.1:${PORTS.alertmanager.from}`;

/** URL of Prometheus: behind the dashboard proxy, or at the end of a tunnel. */
export function monitoringUrl({ tls, scheduler }: ResolvedCluster): string {
  return tls
    ? `https://${scheduler.hostname}:${PORTS.dashboard.from}${PROMETHEUS_PATH}`
    : `http://localhost:${PORTS.prometheus.from}${PROMETHEUS_PATH}`;
}

/**
 * Prometheus and Alertmanager on the scheduler's node. Both listen on the loopback interface; with TLS, Prometheus is behind the
 * dashboard proxy. The step `monitoring` starts them.
 */
export function monitoringFeature(cluster: ResolvedCluster, monitoring: Monitoring): NodeFeature {
  const context = {
    cluster: cluster.name,
    scheduler: `127.0.0.1:${httpPort(cluster)}`,
    ...(cluster.autoscaling && { autoscaler: `127.0.0.1:${PORTS.autoscaler.from}` }),
    alertmanager: ALERTMANAGER,
  };
  return {
    packages: ["prometheus", "prometheus-alertmanager"],
    steps: [],
    // Prometheus does not start if its disk is full.
    lastSteps: ["monitoring"],
    settings: {},
    files: [
      text(`${CONFIGURATION}/prometheus.yml`, prometheusConfiguration(context, monitoring.remoteWrite)),
      text(`${CONFIGURATION}/alertmanager.yml`, alertmanagerConfiguration(cluster)),
      ...sharedFiles(context, CONFIGURATION),
      text(`${UNITS}/dask-prometheus.service`, prometheusUnit(cluster, monitoring)),
      copy("monitoring/dask-alertmanager.service", UNITS),
      ...(cluster.tls ? [text("/etc/dask/nginx.d/prometheus.conf", nginxLocation())] : []),
    ],
  };
}

/** Files that Prometheus reads on nodes and in local clusters. */
export function sharedFiles(context: PrometheusContext, directory: string): readonly NodeFile[] {
  const page = renderTemplate("cloud-init/monitoring/dask.html", {
    CLUSTER: context.cluster,
    ROWS: JSON.stringify(PANELS),
  });
  const rules = ruleFiles(context).map((name) => copy(`monitoring/${name}`, directory));
  return [...rules, text(`${directory}/consoles/dask.html`, page)];
}

function prometheusUnit(cluster: ResolvedCluster, monitoring: Monitoring): string {
  const argv = prometheusCommand(
    {
      program: "/usr/bin/prometheus",
      configuration: CONFIGURATION,
      storage: "/var/lib/dask-prometheus",
      listen: PROMETHEUS,
      url: monitoringUrl(cluster),
    },
    monitoring,
  );
  return renderTemplate("cloud-init/monitoring/dask-prometheus.service", {
    EXEC_START: commandLine(argv),
    // Without a receiver elsewhere, it has nothing to do outside of this node.
    NETWORK: monitoring.remoteWrite ? "" : "IPAddressAllow=localhost\nIPAddressDeny=any\n",
  });
}

function nginxLocation(): string {
  return renderTemplate("cloud-init/monitoring/prometheus.conf", { PORT: String(PORTS.prometheus.from) });
}
