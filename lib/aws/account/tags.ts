import type { Cluster, Pool } from "../../cluster/cluster";
import { groupName } from "../../node/lifecycle";
import { resourceName } from "../../node/names";

/** Tags by key. */
export type Tags = Record<string, string>;

/**
 * Tags of everything that belongs to a cluster. `AwsStack` makes them its provider's default tags; in a stack with
 * a provider of its own, put them there.
 */
export function clusterTags(cluster: Cluster): Tags {
  return { ...cluster.tags, "dask:cluster": cluster.name };
}

/** Tags by which the scheduler's machine, or those of a pool, are told from all others. */
export function ownTags(cluster: Cluster, pool?: Pool): Tags {
  return {
    "dask:cluster": cluster.name,
    "dask:role": pool === undefined ? "scheduler" : "worker",
    ...(pool && { "dask:pool": pool.name }),
  };
}

/**
 * All tags of a machine and its volumes. Default tags do not reach what an autoscaling group launches, so machines
 * carry every tag themselves.
 */
export function machineTags(cluster: Cluster, pool?: Pool): Tags {
  return {
    ...clusterTags(cluster),
    ...ownTags(cluster, pool),
    Name: machineName(cluster, pool),
  };
}

/** Name of the scheduler, or of a pool, in AWS. */
export function machineName(cluster: Cluster, pool?: Pool): string {
  return pool === undefined ? resourceName(cluster, "scheduler") : groupName(cluster, pool);
}
