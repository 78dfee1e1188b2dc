import type { Cluster } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import type { Site } from "./service";

/** Where services run on a machine of a cluster. */
export function nodeSite({ scheduler, ucx }: Cluster): Site {
  return {
    bin: "/opt/dask/env/bin",
    scratch: "/var/lib/dask/scratch",
    config: "/etc/dask",
    schedulerAddress: `${ucx ? "ucx" : "tcp"}://${scheduler.hostname}:${PORTS.scheduler.from}`,
    dashboardPort: PORTS.dashboard.from,
  };
}
