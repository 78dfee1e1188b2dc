import type { ResolvedCluster } from "../config/resolved-cluster";
import { resourceName, truncateName } from "./names";

/** Maximum length of a bucket's name (Amazon S3 User Guide, "General purpose bucket naming rules"). */
const MAX_BUCKET_NAME = 63;

/** Digits of an account id. */
const ACCOUNT_DIGITS = 12;

/** Placeholder of the account id in the name of a bucket. Synth does not know the id; nodes query it. */
export const ACCOUNT = "ACCOUNT";

/**
 * Returns the name of the bucket with a cluster's bundles: that of the definition, or a name such as
 * `dask-production--eu-central-1--ACCOUNT`, with region and account because bucket names are global.
 */
export function artifactBucketName(cluster: ResolvedCluster): string {
  if (cluster.artifactBucket !== undefined) return cluster.artifactBucket;
  return bucketName(resourceName(cluster, cluster.region));
}

/** Returns the name of a bucket: a name and the account id, because names of buckets are global. */
export function bucketName(name: string): string {
  const suffix = "--";
  const longest = MAX_BUCKET_NAME - suffix.length - ACCOUNT_DIGITS;
  return `${truncateName(name, longest)}${suffix}${ACCOUNT}`;
}
