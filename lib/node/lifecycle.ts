import type { Cluster, Pool } from "../cluster/cluster";
import { resourceName } from "./names";

/** Launch lifecycle hook of each pool: a machine is in service once its workers are registered at the scheduler. */
export const LAUNCH_HOOK = "workers-registered";

/** Seconds from a machine's first phase to its last, downloads and a scheduler that is still installing included. */
export const BOOT_SECONDS = 2400;

/** Seconds until the scheduler answers on its own machine, from the start of its service. */
export const ANSWER_SECONDS = 180;

/** Seconds until a machine's workers are registered: their scheduler starts with them and may still be installing. */
export const JOIN_SECONDS = 1200;

/** Returns the name of a pool's Auto Scaling group and launch template, such as `dask-production--gpu`. */
export function groupName(cluster: Cluster, pool: Pool): string {
  return resourceName(cluster, pool.name);
}
