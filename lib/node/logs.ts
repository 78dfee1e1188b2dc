import type { ResolvedCluster } from "../config/resolved-cluster";
import { resourcePath } from "./names";
import { copy, LIBRARY, UNITS } from "./node-files";
import type { NodeFeature, NodePlan } from "./node-plan";

/** Returns the name of the log group with the journals of a cluster's nodes, such as `/dask/production/nodes`. */
export function nodeLogGroup(cluster: Pick<ResolvedCluster, "name">): string {
  return resourcePath(cluster, "nodes");
}

/**
 * Returns the pool of a node, or `scheduler`: a field of each event, and the first part of the name of the node's log
 * stream, such as `cpu/i-0123456789abcdef0`.
 */
export function logPool({ tags }: Pick<NodePlan, "tags">): string {
  return tags["dask:pool"] ?? "scheduler";
}

/**
 * Returns what ships the journal of a node to CloudWatch Logs (`cdktf_dask.node.logs`): a service that starts once the
 * Python environment of the node is complete, because it uses boto3. Of a node whose boot fails before that, the boot steps send
 * the journal.
 */
export function logsFeature(cluster: ResolvedCluster, node: Pick<NodePlan, "tags">): NodeFeature {
  return {
    packages: [],
    steps: [],
    settings: { LOG_GROUP: nodeLogGroup(cluster), LOG_POOL: logPool(node) },
    files: [
      copy("logs/dask-logs.service", UNITS),
      copy("logs/dask-logs.path", UNITS),
      copy("logs/send-log.sh", LIBRARY),
      copy("logs/dask-logs.conf", `${UNITS}/dask-node.service.d`),
    ],
  };
}
