import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { sharedFiles } from "../../node/monitoring/monitoring";
import { prometheusCommand, prometheusConfiguration } from "../../node/monitoring/prometheus";
import { autoscalerPort } from "../addresses";
import { monitoringLink, monitoringPort } from "../monitoring";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";
import { configDirectory, type Program } from "./programs";

/** Name of the program of the supervisor. */
const NAME = "prometheus";

/** Seconds between two scrapes: a cluster of one computer has few workers, and its user looks on. */
const SCRAPE_SECONDS = 5;

/** Why a local cluster has no Prometheus although its definition asks for it. */
export const NO_PROMETHEUS =
  "prometheus: not started: no program of this name on the PATH. Hint: apt-get install prometheus, or prometheus.io/download";

/** Path of the program `prometheus`; `undefined` if it is not on the PATH. */
export function findPrometheus({ PATH = "" }: NodeJS.ProcessEnv): string | undefined {
  return PATH.split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "prometheus"))
    .find(isExecutable);
}

/**
 * Returns Prometheus as a program of the supervisor, with the configuration, rules and page of nodes; `undefined` if the
 * definition does not ask for it. Alerts are only shown: a local cluster has no Alertmanager.
 *
 * @param program path of the program
 */
export function prometheusProgram(
  cluster: ResolvedCluster,
  program: string,
  paths: LocalPaths,
  ports: LocalPorts,
): Program | undefined {
  const { monitoring } = cluster;
  const url = monitoringLink(cluster, ports);
  if (monitoring === undefined || url === undefined) return undefined;
  const configuration = configDirectory(NAME, paths);
  const place = {
    program,
    configuration,
    // Not in `scratch`, which a start empties: the history stays until `npm stop`.
    storage: join(paths.root, "prometheus"),
    listen: `${LOOPBACK}:${monitoringPort(ports)}`,
    url,
  };
  const context = {
    cluster: cluster.name,
    scheduler: `${LOOPBACK}:${ports.dashboard}`,
    ...(cluster.autoscaling && { autoscaler: `${LOOPBACK}:${autoscalerPort(ports)}` }),
    scrapeSeconds: SCRAPE_SECONDS,
  };
  const shared = sharedFiles(context, "").map(({ path, content }) => [path.slice(1), content]);
  return {
    name: NAME,
    argv: prometheusCommand(place, monitoring),
    environment: {},
    config: {
      "prometheus.yml": prometheusConfiguration(context, monitoring.remoteWrite),
      ...Object.fromEntries(shared),
    },
  };
}

/** Whether the last start of a local cluster included Prometheus. */
export function hasPrometheus(paths: LocalPaths): boolean {
  return existsSync(configDirectory(NAME, paths));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
