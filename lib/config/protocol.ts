import type { ResolvedCluster } from "./resolved-cluster";

/** Returns the protocol of a cluster's connections (`--protocol` of Dask): `tls`, or without TLS `ucx` or `tcp`. */
export function protocol({ tls, ucx }: Pick<ResolvedCluster, "tls" | "ucx">): "tls" | "ucx" | "tcp" {
  if (tls) return "tls";
  return ucx ? "ucx" : "tcp";
}
