import { PORTS } from "../config/ports";
import { protocol } from "../config/protocol";
import type { ResolvedCluster } from "../config/resolved-cluster";
import type { DaskSite } from "../node/dask-config";
import { nodeContext } from "../node/node-context";
import type { ServiceContext } from "../node/service";

/** Name of the scheduler's service, by which the other containers reach it. */
export const SCHEDULER = "scheduler";

/** Address on which ports are published. */
export const LOOPBACK = "127.0.0.1";

/** Ports of this computer that lead to the scheduler. */
export interface ComposePorts {
  readonly scheduler: number;
  readonly dashboard: number;
}

/** Default ports of Dask. */
export const DEFAULT_PORTS: ComposePorts = {
  scheduler: PORTS.scheduler.from,
  dashboard: PORTS.dashboard.from,
};

/** Directory of the configuration of all services in the images; each has a folder there. */
export const CONFIG = "/etc/dask";

/** Returns the directory of Dask's configuration of a service. */
export function configDirectory(service: string): string {
  return `${CONFIG}/${service}`;
}

/** Returns where a service runs in its container: the paths of a node, and the addresses of Compose. */
export function composeContext(cluster: ResolvedCluster, service: string): ServiceContext {
  return {
    ...nodeContext(cluster),
    config: configDirectory(service),
    schedulerAddress: `${protocol(cluster)}://${SCHEDULER}:${PORTS.scheduler.from}`,
    // AWS sets the region on its nodes only.
    environment: {},
    httpAddress: `0.0.0.0:${PORTS.dashboard.from}`,
  };
}

/** Returns the address of the scheduler on this computer. */
export function hostAddress(cluster: ResolvedCluster, { scheduler }: ComposePorts): string {
  return `${protocol(cluster)}://${LOOPBACK}:${scheduler}`;
}

/** Returns the published ports of the scheduler, which only this computer reaches. */
export function publishedPorts({ scheduler, dashboard }: ComposePorts): readonly string[] {
  return [
    `${LOOPBACK}:${scheduler}:${PORTS.scheduler.from}`,
    `${LOOPBACK}:${dashboard}:${PORTS.dashboard.from}`,
  ];
}

/** Returns what Dask's configuration has to know. The number of containers changes by hand, so tasks wait for workers. */
export function composeSite({ dashboard }: ComposePorts): DaskSite {
  return {
    dashboardLink: `http://${LOOPBACK}:${dashboard}/status`,
    origins: [LOOPBACK, "localhost"].map((host) => `${host}:${dashboard}`),
    noWorkersTimeout: "null",
  };
}

/** Processes of one computer do not need UCX, which would need its wheels and a GPU in each container. */
export function withoutUcx(cluster: ResolvedCluster): ResolvedCluster {
  return { ...cluster, ucx: false };
}
