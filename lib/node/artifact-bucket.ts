import type { ResolvedCluster } from "../config/resolved-cluster";
import { resourceName, truncateName } from "./names";

/** Most characters of a bucket's name (Amazon S3 User Guide, "General purpose bucket naming rules"). */
const MAX_BUCKET_NAME = 63;

/** Digits of an account's number. */
const ACCOUNT_DIGITS = 12;

/** Stands for the number of the account in the name of a bucket: synth does not know it, and a node asks for it. */
export const ACCOUNT = "ACCOUNT";

/**
 * Returns the name of the bucket with a cluster's bundles: the one in its definition, or a name of its own such as
 * `dask-production--eu-central-1--ACCOUNT`. Bucket names are global, so it contains region and account.
 */
export function artifactBucketName(cluster: ResolvedCluster): string {
  if (cluster.artifactBucket !== undefined) return cluster.artifactBucket;
  const suffix = "--";
  const longest = MAX_BUCKET_NAME - suffix.length - ACCOUNT_DIGITS;
  return `${truncateName(resourceName(cluster, cluster.region), longest)}${suffix}${ACCOUNT}`;
}
