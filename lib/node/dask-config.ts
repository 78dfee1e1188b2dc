import { PORTS } from "../config/ports";
import type { Release } from "../config/releases";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { dashboardLink, NODE_PEM, RELOAD } from "./node-context";
import { text } from "./node-files";
import type { NodeFile } from "./node-plan";
import type { ServiceContext } from "./service";
import { renderTemplate } from "./template";

/**
 * Dask's configuration on a machine: `dask.yaml`, with `tls.yaml` or `ucx.yaml` by what the members speak.
 *
 * @param spillLimit most that one worker process may spill
 */
export function daskConfig(
  cluster: ResolvedCluster,
  { scratch, config }: ServiceContext,
  spillLimit: string | false,
): readonly NodeFile[] {
  const { hostname, privateAddress } = cluster.scheduler;
  const hosts = [...(cluster.tls ? [hostname, privateAddress] : []), "localhost"];
  const main = renderTemplate("cloud-init/dask/dask.yaml", {
    SCRATCH: scratch,
    DASHBOARD_LINK: dashboardLink(cluster),
    ORIGINS: JSON.stringify(hosts.map((host) => `${host}:${PORTS.dashboard.from}`)),
    NO_WORKERS_TIMEOUT: noWorkersTimeout(cluster.release),
    MAX_SPILL: String(spillLimit),
  });
  const { ucx } = cluster.release;
  return [
    text(`${config}/dask.yaml`, main),
    ...(cluster.tls
      ? [text(`${config}/tls.yaml`, renderTemplate("cloud-init/dask/tls.yaml", { PEM: NODE_PEM, RELOAD }))]
      : []),
    ...(cluster.ucx && ucx !== undefined
      ? [
          text(
            `${config}/ucx.yaml`,
            renderTemplate("cloud-init/dask/ucx.yaml", { NAMESPACE: ucx.configNamespace }),
          ),
        ]
      : []),
  ];
}

/**
 * How long a task waits for a worker that has its resources. An hour is longer than any machine takes to start,
 * and shorter than a night before a screen that does not move. Dask before 2024.8 would not fail the task but
 * shut the scheduler down, so there a task waits for ever, as is Dask's default.
 */
function noWorkersTimeout({ dask }: Release): string {
  const [year = 0, month = 0] = dask.split(".").map(Number);
  return year * 12 + month < 2024 * 12 + 8 ? "null" : "1 hour";
}
