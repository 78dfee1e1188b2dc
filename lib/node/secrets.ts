import type { ResolvedCluster } from "../config/resolved-cluster";
import { resourcePath } from "./names";

/**
 * Whose secret: `authority` is the key and certificate that sign all others, `worker` and `client` are the key,
 * certificate and authority of all workers and of clients, `dashboard` is the password of the dashboard's user `dask`.
 */
export type ClusterSecretName = "authority" | "worker" | "client" | "dashboard";

/** Name in Secrets Manager of a secret that the scheduler fills and others read. */
export function secretName(cluster: ResolvedCluster, holder: ClusterSecretName): string {
  return resourcePath(cluster, holder);
}
