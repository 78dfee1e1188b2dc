import { stringify } from "yaml";
import { mergeDaskSettings } from "../../config/dask/read-settings";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import { clusterPreloads } from "../../node/preloads";
import { clientSettings, userConfig } from "../../node/process-settings";
import type { Service } from "../../node/service";
import { renderTemplate } from "../../node/template";
import { dashboardLink } from "../addresses";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";

/**
 * Returns the Dask configuration of a program, rendered from the same templates as on nodes, and the settings of the
 * definition: content by file name.
 *
 * @param preloads directory of Dask's preloads
 * @param pool pool of the worker; none for the scheduler
 */
export function daskConfig(
  cluster: ResolvedCluster,
  paths: LocalPaths,
  ports: LocalPorts,
  service: Pick<Service, "dask">,
  preloads: string,
  pool?: Pool,
): Readonly<Record<string, string>> {
  const main = renderTemplate("cloud-init/dask/dask.yaml", {
    SCRATCH: JSON.stringify(paths.scratch),
    ORIGINS: JSON.stringify([LOOPBACK, "localhost"].map((host) => `${host}:${ports.dashboard}`)),
    DASHBOARD_LINK: JSON.stringify(dashboardLink(ports)),
    // A pool without nodes gets one in seconds, and the user may start a worker with the resources that a task needs.
    NO_WORKERS_TIMEOUT: "null",
    MAX_SPILL: String(pool?.spill.limit ?? false),
  });
  const encryption = () =>
    renderTemplate("cloud-init/dask/tls.yaml", {
      PEM: JSON.stringify(paths.nodePem),
      NANNY_PRELOADS: JSON.stringify(clusterPreloads(cluster, "nanny", preloads)),
    });
  return {
    "dask.yaml": main,
    ...(cluster.tls && { "tls.yaml": encryption() }),
    ...userConfig(service),
  };
}

/** Returns the Dask configuration of a client of a cluster with TLS. */
export function clientConfig(
  cluster: ResolvedCluster,
  { clientPem }: LocalPaths,
  schedulerAddress: string,
): string {
  const client = { cert: clientPem, key: clientPem };
  const connection = {
    "scheduler-address": schedulerAddress,
    distributed: { comm: { "require-encryption": true, tls: { "ca-file": clientPem, client } } },
  };
  return stringify(mergeDaskSettings(connection, clientSettings(cluster)));
}
