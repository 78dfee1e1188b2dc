import type { ResolvedCluster } from "../config/resolved-cluster";
import { bucketName } from "./artifact-bucket";
import { resourceName } from "./names";

/** Tag of the scheduler's instance with the location of the backups, such as `s3://bucket`. Clients read it. */
export const BACKUP_TAG = "dask:backup";

/**
 * Returns the name of the bucket with a cluster's backups: that of the definition, or a name such as
 * `dask-production--backup--eu-central-1--ACCOUNT`. `undefined` without backups.
 */
export function backupBucketName(cluster: ResolvedCluster): string | undefined {
  if (cluster.backup === undefined) return undefined;
  return cluster.backup.bucket ?? bucketName(resourceName(cluster, "backup", cluster.region));
}

/** Returns the name of the KMS key's alias of a cluster's backups. */
export function backupKeyAlias(cluster: ResolvedCluster): string {
  return `alias/${resourceName(cluster, "backup")}`;
}
