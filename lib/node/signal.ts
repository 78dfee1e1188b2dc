import type { ResolvedCluster } from "../config/resolved-cluster";
import { SIGNAL_SECONDS } from "./lifecycle";
import { resourcePath } from "./names";
import type { NodeFeature } from "./node-plan";

/**
 * Returns the name of the SSM parameter with the URL to which the scheduler reports the end of its first bootstrap: a
 * presigned URL of a CloudFormation wait condition. Terraform creates it after the instance.
 */
export function signalParameter(cluster: ResolvedCluster): string {
  return resourcePath(cluster, "scheduler-signal");
}

/** Returns the settings with which the scheduler signals its readiness. Workers complete their launch hook instead. */
export function signalFeature(cluster: ResolvedCluster): NodeFeature {
  return {
    packages: [],
    steps: [],
    settings: { SIGNAL: signalParameter(cluster), SIGNAL_SECONDS: String(SIGNAL_SECONDS) },
    files: [],
  };
}
