import type { ResolvedCluster } from "./resolved-cluster";

/** Scheme of Dask's addresses in a cluster: encrypted TCP, or in an isolated cluster UCX or plain TCP. */
export function protocol({ tls, ucx }: Pick<ResolvedCluster, "tls" | "ucx">): "tls" | "ucx" | "tcp" {
  if (tls) return "tls";
  return ucx ? "ucx" : "tcp";
}
