import { PORTS } from "../config/ports";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { dashboardHosts } from "./node-context";
import { copy, text, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import { renderTemplate } from "./template";

/**
 * Reverse proxy of the dashboard on the scheduler's node: nginx with TLS and a password, because Dask's HTTP server has
 * neither. The password is in the secret `/dask/<cluster>/dashboard`; the step `dashboard` creates it.
 */
export function dashboardFeature(cluster: ResolvedCluster): NodeFeature {
  return {
    packages: ["nginx", "openssl"],
    steps: ["dashboard"],
    settings: {
      DASHBOARD_PORT: String(PORTS.dashboard.from),
      // The node adds the address that EC2 chose.
      ...(cluster.scheduler.privateAddress === undefined && {
        DASHBOARD_HOSTS: dashboardHosts(cluster).join(","),
      }),
    },
    files: [
      text("/etc/dask/nginx.conf", nginxConfiguration(cluster)),
      copy("dashboard/dask-dashboard.service", UNITS),
    ],
  };
}

function nginxConfiguration({ name }: ResolvedCluster): string {
  return renderTemplate("cloud-init/dashboard/nginx.conf", {
    CLUSTER: name,
    PORT: String(PORTS.dashboard.from),
    HTTP_PORT: String(PORTS.schedulerHttp.from),
    WORKER_PORT: String(PORTS.workerDashboard.from),
  });
}
