import type { ResolvedCluster } from "../config/resolved-cluster";
import { copy, LIBRARY, script, text, UNITS } from "./node-files";
import type { NodeFeature, NodeFile } from "./node-plan";
import { packageFile } from "./package-file";
import { renderTemplate } from "./template";

/**
 * What makes, fetches and renews a machine's certificate. The scheduler is the cluster's authority: it signs its own
 * certificate, and puts those of workers and clients into their secrets, which the workers' machines read. Running
 * processes take a new one by the preload `reload_certificates.py`.
 */
export function certificatesPart(cluster: ResolvedCluster, role: "scheduler" | "worker"): NodeFeature {
  const { name, scheduler } = cluster;
  const names = [
    `DNS:${scheduler.hostname},IP:${scheduler.privateAddress}`,
    // At the end of a tunnel.
    "DNS:localhost,IP:127.0.0.1",
  ];
  const common = {
    packages: ["openssl"],
    phases: ["certificates"] as const,
    files: [
      copy("base/secrets", LIBRARY),
      copy("tls/pem", LIBRARY),
      copy("tls/dask-certificates.service", UNITS),
      timer(role === "scheduler" ? "daily" : "hourly"),
    ],
  };
  return role === "scheduler"
    ? {
        ...common,
        settings: { CLUSTER: name, CERTIFICATE_NAMES: names.join(",") },
        files: [...common.files, authority(), copy("tls/certificates.cnf", LIBRARY)],
      }
    : { ...common, settings: { CLUSTER: name }, files: [...common.files, script("tls/certificates")] };
}

/** The scheduler's script of the phase, as a file of the phase's name. */
function authority(): NodeFile {
  return { ...text(`${LIBRARY}/certificates`, packageFile("cloud-init/tls/authority")), mode: "0755" };
}

function timer(calendar: "daily" | "hourly"): NodeFile {
  const file = "dask-certificates.timer";
  return text(`${UNITS}/${file}`, renderTemplate(`cloud-init/tls/${file}`, { CALENDAR: calendar }));
}
