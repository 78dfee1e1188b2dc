import type { Cluster } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { scheme } from "../cluster/scheme";
import { LIBRARY } from "./node-files";
import type { Site } from "./service";

/** Key, certificate and authority of a machine, in one file; `dask` alone may read it. */
export const NODE_PEM = "/etc/dask/tls/node.pem";

/** Dask's preload that takes renewed certificates. */
export const RELOAD = `${LIBRARY}/reload_certificates.py`;

/** Where services run on a machine of a cluster. */
export function nodeSite(cluster: Cluster): Site {
  return {
    bin: "/opt/dask/env/bin",
    scratch: "/var/lib/dask/scratch",
    config: "/etc/dask",
    schedulerAddress: `${scheme(cluster)}://${cluster.scheduler.hostname}:${PORTS.scheduler.from}`,
    ...(cluster.tls && { reload: RELOAD }),
    httpAddress: `127.0.0.1:${httpPort(cluster)}`,
  };
}

/** Port of the scheduler's HTTP server; with TLS, the dashboard's own is its door's. */
export function httpPort({ tls }: Cluster): number {
  return (tls ? PORTS.schedulerHttp : PORTS.dashboard).from;
}

/** The dashboard as a person opens it; that of an isolated cluster, at the end of a tunnel. */
export function dashboardLink({ tls, scheduler }: Cluster): string {
  const at = `${tls ? scheduler.hostname : "localhost"}:${PORTS.dashboard.from}`;
  return `${tls ? "https" : "http"}://${at}/status`;
}
