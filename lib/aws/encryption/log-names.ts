import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName, resourcePath } from "../../node/names";

/** Log group of what happens in a cluster's network. */
export function flowLogGroup(cluster: ResolvedCluster): string {
  return resourcePath(cluster, "flow-logs");
}

/** Log group of an image's builds, which EC2 Image Builder calls after the recipe (its User Guide, "Logging"). */
export function buildLogGroup(recipe: string): string {
  return `/aws/imagebuilder/${recipe}`;
}

/** Names of a cluster's log groups, as patterns for policies. */
export function logGroupNames(cluster: ResolvedCluster): readonly string[] {
  return [flowLogGroup(cluster), buildLogGroup(resourceName(cluster, "*"))];
}
