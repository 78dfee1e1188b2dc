import type { Pool } from "../cluster/cluster";
import { renderTemplate } from "../node/template";
import type { LocalPaths } from "./paths";
import { LOOPBACK, type LocalPorts } from "./ports";

/** Page of the local cluster's dashboard. */
export function dashboardLink({ dashboard }: LocalPorts): string {
  return `http://${LOOPBACK}:${dashboard}/status`;
}

/**
 * Dask's configuration of a program, from the file that the machines on AWS have.
 *
 * @param pool the worker's pool; none for the scheduler
 */
export function daskConfig(paths: LocalPaths, ports: LocalPorts, pool?: Pool): string {
  return renderTemplate("cloud-init/dask/dask.yaml", {
    SCRATCH: JSON.stringify(paths.scratch),
    DASHBOARD_LINK: JSON.stringify(dashboardLink(ports)),
    // Nobody scales this cluster, but a person may start a worker with the resources that a task waits for.
    NO_WORKERS_TIMEOUT: "null",
    MAX_SPILL: String(pool?.spill.limit ?? false),
  });
}
