import type { Monitoring } from "../config/monitoring";
import { PORTS } from "../config/ports";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { CONFIGURATION, sharedFiles } from "../node/monitoring/monitoring";
import { PROMETHEUS_PATH, prometheusCommand, prometheusConfiguration } from "../node/monitoring/prometheus";
import { renderTemplate } from "../node/template";
import { command } from "./command";
import { CONTEXT, USER } from "./images";
import { type ComposePorts, LOOPBACK, SCHEDULER } from "./site";

/** Service of Prometheus. Alerts are only shown: there is no Alertmanager. */
export const PROMETHEUS = "prometheus";

/** Profile of Prometheus. */
export const MONITORING_PROFILE = "monitoring";

/** Public image, with the version of Debian 13 that tests run. */
const IMAGE = "prom/prometheus:v2.53.3";

/** Directory of the metrics: the volume of the public image. */
const STORAGE = "/prometheus";

/** Returns the services of monitoring, and the volume of the metrics. */
export function monitoringServices(
  cluster: ResolvedCluster,
  monitoring: Monitoring,
  ports: ComposePorts,
  container: Readonly<Record<string, unknown>>,
) {
  const place = {
    program: "/bin/prometheus",
    configuration: CONFIGURATION,
    storage: STORAGE,
    listen: `0.0.0.0:${PORTS.prometheus.from}`,
    url: monitoringLink(ports),
  };
  const [program, ...argv] = command({ argv: prometheusCommand(place, monitoring) });
  return {
    services: {
      [PROMETHEUS]: {
        ...container,
        image: `cdktf-dask/${cluster.name}-prometheus`,
        build: {
          context: CONTEXT,
          dockerfile: "Dockerfile.prometheus",
          args: { BASE: `\${PROMETHEUS_BASE:-${IMAGE}}` },
        },
        profiles: [MONITORING_PROFILE],
        entrypoint: [program],
        command: argv,
        ports: [`${LOOPBACK}:${monitoringPort(ports)}:${PORTS.prometheus.from}`],
        volumes: [{ type: "volume", source: PROMETHEUS, target: STORAGE }],
        depends_on: { [SCHEDULER]: { condition: "service_healthy" } },
        restart: "unless-stopped",
      },
    },
    volumes: { [PROMETHEUS]: {} },
  };
}

/** Returns the files of Prometheus' image, by their paths in the folder of the images. */
export function monitoringFiles(cluster: ResolvedCluster, { remoteWrite }: Monitoring) {
  const context = { cluster: cluster.name, scheduler: `${SCHEDULER}:${PORTS.dashboard.from}` };
  return {
    "Dockerfile.prometheus": renderTemplate("docker/Dockerfile.prometheus", {
      CLUSTER: cluster.name,
      BASE: IMAGE,
      STORAGE,
      CONFIGURATION,
      USER: String(USER),
    }),
    "monitoring/prometheus.yml": prometheusConfiguration(context, remoteWrite),
    ...Object.fromEntries(
      sharedFiles(context, "monitoring").map(({ path, content }) => [path, content] as const),
    ),
  };
}

/** Returns the URL of Prometheus on this computer. */
export function monitoringLink(ports: ComposePorts): string {
  return `http://${LOOPBACK}:${monitoringPort(ports)}${PROMETHEUS_PATH}`;
}

/** The port after those of scheduler and dashboard, as in the local stack. */
function monitoringPort({ scheduler, dashboard }: ComposePorts): number {
  return Math.max(scheduler, dashboard) + 1;
}
