import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { NodePlan } from "../../node/node-plan";

/** Tags by key. */
export type Tags = Record<string, string>;

/**
 * Returns the tags of all resources of a cluster. `AwsStack` sets them as default tags of its AWS provider; in other stacks,
 * set them as default tags of your AWS provider.
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
 * Returns all tags of a node's instances and volumes. They include those of the cluster, because the provider does not add
 * its default tags to what an Auto Scaling group launches.
 */
export function nodeTags(cluster: ResolvedCluster, { name, tags }: NodePlan): Tags {
  return { ...clusterTags(cluster), ...tags, Name: name };
}
