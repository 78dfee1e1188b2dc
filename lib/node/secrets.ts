import type { ResolvedCluster } from "../config/resolved-cluster";
import { resourcePath } from "./names";

/**
 * Secrets of a cluster with TLS: `authority` is the key and certificate of the CA, `worker` and `client` are key,
 * certificate and CA certificate of all workers and of clients, `dashboard` is the password of the dashboard's user `dask`.
 */
export type ClusterSecretName = "authority" | "worker" | "client" | "dashboard";

/** Returns the name in Secrets Manager of a secret, whose value the scheduler's node stores. */
export function secretName(cluster: ResolvedCluster, secret: ClusterSecretName): string {
  return resourcePath(cluster, secret);
}
