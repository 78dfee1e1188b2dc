import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";

/** A cluster with TLS and CPU and GPU workers. */
export function clusterOf(definition: Partial<ClusterDefinition> = {}): ResolvedCluster {
  return defineCluster({
    name: "research",
    network: { adminSubnets: ["127.0.0.0/8"] },
    tls: true,
    pools: [
      { name: "cpu", kind: "cpu", desiredSize: 2, threads: 1, memoryLimit: "1GiB" },
      { name: "gpu", kind: "gpu", desiredSize: 0 },
    ],
    ...definition,
  });
}
