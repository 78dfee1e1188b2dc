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

/**
 * Returns the Dask configuration of a node: `dask.yaml`, `tls.yaml` or `ucx.yaml` by the protocol of the cluster, and
 * `user.yaml` with the settings of the definition.
 *
 * @param spillLimit maximum that one worker process may spill; `false` for no limit
 */
export function daskConfig(
  cluster: ResolvedCluster,
  { scratch, config, preloads }: ServiceContext,
  spillLimit: string | false,
  service: Pick<Service, "dask">,
): readonly NodeFile[] {
  const main = renderTemplate("cloud-init/dask/dask.yaml", {
    SCRATCH: scratch,
    DASHBOARD_LINK: dashboardLink(cluster),
    ORIGINS: JSON.stringify(dashboardHosts(cluster).map((host) => `${host}:${PORTS.dashboard.from}`)),
    NO_WORKERS_TIMEOUT: noWorkersTimeout(cluster.release),
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

/**
 * Returns how long a task waits for a worker with its resources before it fails. An hour is longer than any node takes
 * to boot. Before 2024.8, Dask shut down the scheduler instead of failing the task, so there tasks wait forever, as by
 * default.
 */
function noWorkersTimeout({ dask }: Release): string {
  const [year = 0, month = 0] = dask.split(".").map(Number);
  return year * 12 + month < 2024 * 12 + 8 ? "null" : "1 hour";
}
