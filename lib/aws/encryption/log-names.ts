import type { ResolvedCluster } from "../../config/resolved-cluster";
import { nodeLogGroup } from "../../node/logs";
import { resourceName, resourcePath } from "../../node/names";

/** Returns the name of the log group of the flow logs. */
export function flowLogGroup(cluster: ResolvedCluster): string {
  return resourcePath(cluster, "flow-logs");
}

/** Returns the name that EC2 Image Builder gives the log group of a recipe's builds (its User Guide, "Logging"). */
export function buildLogGroup(recipe: string): string {
  return `/aws/imagebuilder/${recipe}`;
}

/** Returns patterns of the names of a cluster's log groups, for policies. */
export function logGroupNames(cluster: ResolvedCluster): readonly string[] {
  return [flowLogGroup(cluster), nodeLogGroup(cluster), buildLogGroup(resourceName(cluster, "*"))];
}
