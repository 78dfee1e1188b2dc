import { PORTS } from "../config/ports";
import { protocol } from "../config/protocol";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { PYTHON } from "./node-files";
import type { ServiceContext } from "./service";

/** Key, certificate and CA certificate of a node, in one file; only `dask` can read it. */
export const NODE_PEM = "/etc/dask/tls/node.pem";

/** Dask's preloads of this project. */
export const PRELOADS = `${PYTHON}/cdktf_dask/preloads`;

/** Where services run on a node of a cluster. */
export function nodeContext(cluster: ResolvedCluster): ServiceContext {
  return {
    bin: "/opt/dask/env/bin",
    scratch: "/var/lib/dask/scratch",
    config: "/etc/dask",
    schedulerAddress: `${protocol(cluster)}://${cluster.scheduler.hostname}:${PORTS.scheduler.from}`,
    preloads: PRELOADS,
    environment: { AWS_REGION: cluster.region, AWS_DEFAULT_REGION: cluster.region },
    httpAddress: `127.0.0.1:${httpPort(cluster)}`,
  };
}

/** Port of the scheduler's HTTP server; with TLS, the port of the dashboard is that of the reverse proxy. */
export function httpPort({ tls }: ResolvedCluster): number {
  return (tls ? PORTS.schedulerHttp : PORTS.dashboard).from;
}

/** Names and addresses by which browsers open the dashboard, as far as they are known at synth. */
export function dashboardHosts({ tls, scheduler }: ResolvedCluster): readonly string[] {
  const { hostname, privateAddress = hostname } = scheduler;
  return [...new Set([...(tls ? [hostname, privateAddress] : []), "localhost"])];
}

/** The dashboard as a person opens it; that of an isolated cluster, at the end of a tunnel. */
export function dashboardLink({ tls, scheduler }: ResolvedCluster): string {
  const at = `${tls ? scheduler.hostname : "localhost"}:${PORTS.dashboard.from}`;
  return `${tls ? "https" : "http"}://${at}/status`;
}
