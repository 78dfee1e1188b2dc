import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { NodePlan } from "../../node/node-plan";

/** Tags by key. */
export type Tags = Record<string, string>;

/**
 * Tags of everything that belongs to a cluster. `AwsStack` makes them its provider's default tags; in a stack with
 * a provider of its own, put them there.
 *
 * @example
 * import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
 *
 * new AwsProvider(stack, "aws", { region: cluster.region, defaultTags: [{ tags: clusterTags(cluster) }] });
 */
export function clusterTags(cluster: ResolvedCluster): Tags {
  return { ...cluster.tags, "dask:cluster": cluster.name };
}

/**
 * Returns all tags of a node's instances and volumes. Default tags do not reach what an Auto Scaling group launches, so
 * nodes have every tag themselves.
 */
export function nodeTags(cluster: ResolvedCluster, { name, tags }: NodePlan): Tags {
  return { ...clusterTags(cluster), ...tags, Name: name };
}
