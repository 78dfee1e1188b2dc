import type { ResolvedCluster } from "../config/resolved-cluster";
import { artifactBucketName } from "./artifact-bucket";
import type { NodeFeature } from "./node-plan";
import { pythonSources } from "./python-files";

/**
 * Key of the object in the artifact bucket with what the smoke test expects. It is not in a bundle: pools may change, and
 * another bundle of the scheduler would replace the scheduler.
 */
export function expectationKey({ name }: ResolvedCluster): string {
  return `bundles/${name}.expectation.json`;
}

/** Returns what the scheduler needs to test its cluster: the smoke test, and where its expectation is. */
export function smokeTestFeature(cluster: ResolvedCluster, schedulerAddress: string): NodeFeature {
  return {
    packages: [],
    steps: [],
    settings: {
      SCHEDULER: schedulerAddress,
      ARTIFACT_BUCKET: artifactBucketName(cluster),
      EXPECTATION: expectationKey(cluster),
    },
    files: pythonSources("cdktf_dask/smoke_test"),
  };
}
