import { parse } from "yaml";
import { mergeDaskSettings } from "../config/dask/read-settings";
import type { DaskSettings } from "../config/definition";
import { PORTS } from "../config/ports";
import { protocol } from "../config/protocol";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { EXPECTATION_FILE } from "../node/expectation";
import type { ClusterPlan } from "../node/plan";
import { clientSettings } from "../node/process-settings";
import { type ClusterSecretName, secretName } from "../node/secrets";

/** Returns the folder of a client's certificate and configuration. */
function bundleFolder({ name }: ResolvedCluster): string {
  return `~/.dask/${name}`;
}

/** Returns the command that prints a secret of a cluster. It requires `secretsmanager:GetSecretValue` on the secret. */
export function readSecret(cluster: ResolvedCluster, name: ClusterSecretName): string {
  return `aws secretsmanager get-secret-value --region ${cluster.region} --secret-id ${secretName(cluster, name)} --query SecretString --output text`;
}

/** Returns the lines of a client's `dask.yaml` as a format of printf, with `%s` for the folder of the bundle. */
function daskYaml(cluster: ResolvedCluster, schedulerAddress: string): readonly string[] {
  const pem = '"%s/client.pem"';
  const lines = [
    `scheduler-address: ${schedulerAddress}`,
    "distributed:",
    "  comm:",
    "    require-encryption: true",
    "    tls:",
    `      ca-file: ${pem}`,
    "      client:",
    `        cert: ${pem}`,
    `        key: ${pem}`,
  ];
  const settings = clientSettings(cluster);
  return Object.keys(settings).length === 0 ? lines : [withSettings(lines.join("\n"), settings)];
}

/** Stands for the folder until everything else is escaped. */
const FOLDER = "<folder>";

/** Adds settings. The result is JSON, which YAML contains, because JSON can escape what shell, printf or Terraform replace. */
function withSettings(yaml: string, settings: DaskSettings): string {
  const merged = mergeDaskSettings(parse(yaml.replaceAll("%s", FOLDER)), settings);
  return JSON.stringify(merged)
    .replaceAll(/[$%']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
    .replaceAll("\\", "\\\\")
    .replaceAll(FOLDER, "%s");
}

/**
 * Returns the command that writes a client's bundle: key, certificate and CA in one file with mode 0600, and a
 * `dask.yaml` that points to it and has the scheduler's name as default address, and what the smoke test expects. The previous
 * bundle stays when the secret cannot be read.
 */
export function clientBundle(
  cluster: ResolvedCluster,
  { schedulerAddress, expectation }: Pick<ClusterPlan, "schedulerAddress" | "expectation">,
): string {
  const lines = daskYaml(cluster, schedulerAddress);
  const folders = lines.flatMap((line) => line.match(/%s/g) ?? []).map(() => '"$at"');
  const steps = [
    "umask 077",
    `at=${bundleFolder(cluster)}`,
    `pem=$(${readSecret(cluster, "client")})`,
    'mkdir -p "$at"',
    `printf '%s\\n' "$pem" >"$at/client.pem"`,
    `printf '${lines.join("\\n")}\\n' ${folders.join(" ")} >"$at/dask.yaml"`,
    `printf '%s\\n' '${JSON.stringify(expectation)}' >"$at/${EXPECTATION_FILE}"`,
    `echo "DASK_CONFIG=$at/dask.yaml"`,
  ];
  return `(${steps.join(" && ")})`;
}

/**
 * Returns the Python code of a client at the end of the tunnel. With TLS it uses the bundle, which also works for the
 * scheduler's private address and for its name.
 */
export function connection(cluster: ResolvedCluster): string {
  const at = (host: string) => `${protocol(cluster)}://${host}:${PORTS.scheduler.from}`;
  const { hostname, privateAddress } = cluster.scheduler;
  const fromAdminSubnets = [...new Set([privateAddress ?? hostname, hostname])].map(
    (host) => `"${at(host)}"`,
  );
  const connect = cluster.tls
    ? [
        "# with the tunnel of the output tunnel_scheduler open, and the bundle of the output client_bundle:",
        "import os, dask, distributed",
        `dask.config.refresh(paths=[*dask.config.paths, os.path.expanduser("${bundleFolder(cluster)}")])`,
        `client = distributed.Client("${at("localhost")}")`,
        `# from a network with a route to the VPC: ${fromAdminSubnets.join(" or ")}`,
      ]
    : ["import distributed", `client = distributed.Client("${at("localhost")}")`];
  return connect.join("\n");
}
