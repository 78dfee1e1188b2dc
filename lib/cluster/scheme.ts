import type { Cluster } from "./cluster";

/** Scheme of Dask's addresses in a cluster: encrypted TCP, or in an isolated cluster UCX or plain TCP. */
export function scheme({ tls, ucx }: Pick<Cluster, "tls" | "ucx">): "tls" | "ucx" | "tcp" {
  if (tls) return "tls";
  return ucx ? "ucx" : "tcp";
}
