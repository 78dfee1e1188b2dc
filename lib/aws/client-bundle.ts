import type { Cluster } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { scheme } from "../cluster/scheme";
import { nodeSite } from "../node/node-site";
import { type Holder, secretName } from "../node/secrets";

/** Where a person keeps what a client of a cluster needs. */
function bundleFolder({ name }: Cluster): string {
  return `~/.dask/${name}`;
}

/** The command that prints a secret of a cluster, for whoever may read it. */
export function readSecret(cluster: Cluster, holder: Holder): string {
  return `aws secretsmanager get-secret-value --region ${cluster.region} --secret-id ${secretName(cluster, holder)} --query SecretString --output text`;
}

/** What a client's `dask.yaml` holds, with `%s` for the bundle's folder. */
function daskYaml(cluster: Cluster): readonly string[] {
  const pem = '"%s/client.pem"';
  return [
    `scheduler-address: ${nodeSite(cluster).schedulerAddress}`,
    "distributed:",
    "  comm:",
    "    require-encryption: true",
    "    tls:",
    `      ca-file: ${pem}`,
    "      client:",
    `        cert: ${pem}`,
    `        key: ${pem}`,
  ];
}

/**
 * The command that makes a client's bundle: its key, certificate and authority in one file, which nobody else may read,
 * and a `dask.yaml` beside it that points there. The bundle of before stays where the secret cannot be read.
 */
export function clientBundle(cluster: Cluster): string {
  const lines = daskYaml(cluster);
  const folders = lines.flatMap((line) => line.match(/%s/g) ?? []).map(() => '"$at"');
  const steps = [
    "umask 077",
    `at=${bundleFolder(cluster)}`,
    `pem=$(${readSecret(cluster, "client")})`,
    'mkdir -p "$at"',
    `printf '%s\\n' "$pem" >"$at/client.pem"`,
    `printf '${lines.join("\\n")}\\n' ${folders.join(" ")} >"$at/dask.yaml"`,
    `echo "DASK_CONFIG=$at/dask.yaml"`,
  ];
  return `(${steps.join(" && ")})`;
}

/** What a Python program says to become a client: with the bundle, or without TLS, at the end of a tunnel. */
export function connection(cluster: Cluster): string {
  const connect = cluster.tls
    ? [
        "import os, dask, distributed",
        `dask.config.refresh(paths=[*dask.config.paths, os.path.expanduser("${bundleFolder(cluster)}")])`,
        "client = distributed.Client()",
      ]
    : [
        "import distributed",
        `client = distributed.Client("${scheme(cluster)}://localhost:${PORTS.scheduler.from}")`,
      ];
  return connect.join("\n");
}
