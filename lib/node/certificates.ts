import type { ResolvedCluster } from "../config/resolved-cluster";
import { copy, text, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import { renderTemplate } from "./template";

/**
 * Returns what creates, fetches and renews the certificate of a node: the boot step `certificates`
 * (`cdktf_dask.node.certificates`) and a timer that repeats it. The scheduler's node is the CA of the cluster: it signs its
 * own certificate, and stores those of workers and clients in secrets.
 */
export function certificatesFeature(cluster: ResolvedCluster, role: "ca" | "worker"): NodeFeature {
  const { hostname, privateAddress } = cluster.scheduler;
  // Tunnels end at localhost. The node adds its address, if EC2 chooses it.
  const names = [...new Set([hostname, privateAddress ?? hostname, "localhost", "127.0.0.1"])].join(",");
  const timer = "dask-certificates.timer";
  const calendar = role === "ca" ? "daily" : "hourly";
  return {
    packages: [],
    steps: ["certificates"],
    settings: {
      CLUSTER: cluster.name,
      CERTIFICATE_ROLE: role,
      ...(role === "ca" && { CERTIFICATE_NAMES: names }),
    },
    files: [
      copy("tls/dask-certificates.service", UNITS),
      text(`${UNITS}/${timer}`, renderTemplate(`cloud-init/tls/${timer}`, { CALENDAR: calendar })),
    ],
  };
}
