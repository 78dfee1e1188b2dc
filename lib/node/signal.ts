import type { Cluster } from "../cluster/cluster";

/**
 * Name of the SSM parameter with the URL to which the scheduler reports the end of its first bootstrap: a presigned
 * URL of a CloudFormation wait condition. Terraform creates it after the instance.
 */
export function signalParameter(cluster: Cluster): string {
  return `/dask/${cluster.name}/scheduler-signal`;
}
