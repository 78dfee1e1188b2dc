import { PORTS } from "../config/ports";
import type { Release } from "../config/releases";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { dashboardHosts, dashboardLink, NODE_PEM } from "./node-context";
import { text } from "./node-files";
import type { NodeFile } from "./node-plan";
import { clusterPreloads } from "./preloads";
import { userConfig } from "./process-settings";
import type { Service, ServiceContext } from "./service";
import { renderTemplate } from "./template";

/** Facts of Dask's configuration that depend on where a cluster runs. */
export interface DaskSite {
  /** URL of the dashboard as a person opens it. */
  readonly dashboardLink: string;
  /** Names and ports by which browsers open the dashboard, such as `localhost:8787`. */
  readonly origins: readonly string[];
  /** How long a task waits for a worker with its resources before it fails; `null` for no limit. */
  readonly noWorkersTimeout: string;
}

/**
 * Returns the Dask configuration of a node: `dask.yaml`, `tls.yaml` or `ucx.yaml` by the protocol of the cluster, and
 * `user.yaml` with the settings of the definition.
 *
 * @param spillLimit maximum that one worker process may spill; `false` for no limit
 * @param site where the cluster runs; by default on AWS
 */
export function daskConfig(
  cluster: ResolvedCluster,
  { scratch, config, preloads }: ServiceContext,
  spillLimit: string | false,
  service: Pick<Service, "dask">,
  site = onAws(cluster),
): readonly NodeFile[] {
  const main = renderTemplate("cloud-init/dask/dask.yaml", {
    SCRATCH: scratch,
    DASHBOARD_LINK: site.dashboardLink,
    ORIGINS: JSON.stringify(site.origins),
    NO_WORKERS_TIMEOUT: site.noWorkersTimeout,
    MAX_SPILL: String(spillLimit),
  });
  const { ucx } = cluster.release;
  return [
    text(`${config}/dask.yaml`, main),
    ...(cluster.tls
      ? [
          text(
            `${config}/tls.yaml`,
            renderTemplate("cloud-init/dask/tls.yaml", {
              PEM: NODE_PEM,
              NANNY_PRELOADS: JSON.stringify(clusterPreloads(cluster, "nanny", preloads)),
            }),
          ),
        ]
      : []),
    ...(cluster.ucx && ucx !== undefined
      ? [
          text(
            `${config}/ucx.yaml`,
            renderTemplate("cloud-init/dask/ucx.yaml", { NAMESPACE: ucx.configNamespace }),
          ),
        ]
      : []),
    ...Object.entries(userConfig(service)).map(([name, content]) => text(`${config}/${name}`, content)),
  ];
}

function onAws(cluster: ResolvedCluster): DaskSite {
  return {
    dashboardLink: dashboardLink(cluster),
    origins: dashboardHosts(cluster).map((host) => `${host}:${PORTS.dashboard.from}`),
    noWorkersTimeout: noWorkersTimeout(cluster.release),
  };
}

/**
 * Returns how long a task waits for a worker with its resources before it fails. An hour is longer than any node takes
 * to boot. Before 2024.8, Dask shut down the scheduler instead of failing the task, so there tasks wait forever, as by
 * default.
 */
function noWorkersTimeout({ dask }: Release): string {
  const [year = 0, month = 0] = dask.split(".").map(Number);
  return year * 12 + month < 2024 * 12 + 8 ? "null" : "1 hour";
}
