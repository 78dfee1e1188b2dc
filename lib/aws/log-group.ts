import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";
import type { ClusterKey } from "./cluster-key";

/** Log group of what happens in a cluster's network. */
export function flowLogGroup({ name }: Cluster): string {
  return `/dask/${name}/flow-logs`;
}

/** Log group of an image's builds, which EC2 Image Builder calls after the recipe (its User Guide, "Logging"). */
export function buildLogGroup(recipe: string): string {
  return `/aws/imagebuilder/${recipe}`;
}

/** Names of a cluster's log groups, as patterns for policies. */
export function logGroupNames(cluster: Cluster): readonly string[] {
  return [flowLogGroup(cluster), buildLogGroup(`${cluster.name}-*`)];
}

/** Properties of a `LogGroup`. */
export interface LogGroupProps {
  /** Cluster whose definition says how long logs are kept. */
  readonly cluster: Cluster;
  /** Key of the cluster. */
  readonly key: ClusterKey;
  /** Name of the group, which `logGroupNames` has to cover. */
  readonly name: string;
}

/** Logs, encrypted under the cluster's key and kept as long as its definition says. They go with the cluster. */
export class LogGroup extends Construct {
  /** The group. */
  readonly group: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, { cluster, key, name }: LogGroupProps) {
    super(scope, id);
    this.group = new CloudwatchLogGroup(this, "Resource", {
      name,
      kmsKeyId: key.arn,
      retentionInDays: cluster.logRetentionDays,
    });
  }
}
