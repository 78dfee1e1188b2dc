import { PORTS } from "../config/ports";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { cudaEnvironment } from "../node/cuda";
import { PYTHON } from "../node/node-files";
import type { LockKind } from "../node/packages/lockfile";
import type { Service } from "../node/service";
import { schedulerService, workerService } from "../node/services";
import { plainVariables, secretVariables } from "../node/variables";
import { command, escapeCompose } from "./command";
import { BUILD_SECRETS, build, HOME, imageName, TLS } from "./images";
import { monitoringServices } from "./monitoring";
import type { ComposePool } from "./pools";
import {
  type ComposePorts,
  composeContext,
  configDirectory,
  hostAddress,
  publishedPorts,
  SCHEDULER,
} from "./site";

/** Service that creates the certificates before the others start. */
export const CERTIFICATES = "certificates";

/** Service that tests the cluster. */
export const SMOKE_TEST = "smoke-test";

/** Profile of GPU pools: a computer without GPU starts the others only. */
export const GPU_PROFILE = "gpu";

/** Volume with the certificates. Files in it can have an owner, which secrets of Compose cannot. */
const TLS_VOLUME = "tls";

/** A section of `compose.yaml`. */
export type Section = Readonly<Record<string, unknown>>;

/** Returns `compose.yaml` as data. */
export function composeFile(
  cluster: ResolvedCluster,
  pools: readonly ComposePool[],
  ports: ComposePorts,
): Section {
  const monitoring = cluster.monitoring && monitoringServices(cluster, cluster.monitoring, ports, RESTRICTED);
  const volumes = { ...(cluster.tls && { [TLS_VOLUME]: {} }), ...monitoring?.volumes };
  return {
    name: `dask-${cluster.name}`,
    services: {
      ...(cluster.tls && { [CERTIFICATES]: certificates(cluster, ports) }),
      [SCHEDULER]: scheduler(cluster, ports),
      ...Object.fromEntries(pools.map((pool) => [pool.pool.name, workers(cluster, pool)])),
      [SMOKE_TEST]: smokeTest(cluster),
      ...monitoring?.services,
    },
    ...(Object.keys(volumes).length > 0 && { volumes }),
    secrets: Object.fromEntries(
      Object.entries(BUILD_SECRETS).map(([name, variable]) => [name, { file: `\${${variable}:-/dev/null}` }]),
    ),
  };
}

/** What all containers have: no privileges, and no file system to write to but memory and volumes. */
const RESTRICTED: Section = {
  init: true,
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  tmpfs: ["/tmp"],
  logging: { driver: "local", options: { "max-size": "20m", "max-file": "5" } },
};

function container(cluster: ResolvedCluster, kind: LockKind = "cpu"): Section {
  return { image: imageName(cluster, kind), ...RESTRICTED };
}

function scheduler(cluster: ResolvedCluster, ports: ComposePorts): Section {
  const service = schedulerService(cluster, composeContext(cluster, SCHEDULER));
  return {
    ...container(cluster),
    build: build(cluster, "cpu"),
    command: command(service),
    environment: environment(service),
    ports: publishedPorts(ports),
    ...volumes(cluster),
    ...(cluster.tls && {
      depends_on: { [CERTIFICATES]: { condition: "service_completed_successfully" } },
    }),
    healthcheck: healthcheck(PORTS.dashboard.from),
    restart: "unless-stopped",
  };
}

function workers(cluster: ResolvedCluster, { pool, replicas, threads, memory }: ComposePool): Section {
  const gpu = pool.kind === "gpu";
  const service = workerService(cluster, pool, composeContext(cluster, pool.name));
  return {
    ...container(cluster, pool.kind),
    ...(gpu && { build: build(cluster, "gpu"), profiles: [GPU_PROFILE] }),
    command: command(service, { threads, waitFor: SCHEDULER }),
    environment: {
      ...(gpu && { ...cudaEnvironment(cluster.release.cuda), NVIDIA_DRIVER_CAPABILITIES: "compute,utility" }),
      ...environment(service),
    },
    ...volumes(cluster),
    depends_on: { [SCHEDULER]: { condition: "service_healthy" } },
    deploy: {
      replicas,
      resources: {
        ...(memory !== undefined && { limits: { memory } }),
        ...(gpu && {
          reservations: { devices: [{ driver: "nvidia", count: "all", capabilities: ["gpu"] }] },
        }),
      },
    },
    healthcheck: healthcheck(PORTS.workerDashboard.from),
    restart: "unless-stopped",
    stop_grace_period: "30s",
  };
}

/** Creates the certificates that are missing or end soon. Only this service can write them. */
function certificates(cluster: ResolvedCluster, ports: ComposePorts): Section {
  // As the local stack records its start, so `cdktf_dask.connect` finds both in the same way.
  const record = JSON.stringify({ address: hostAddress(cluster, ports), ports });
  return {
    ...container(cluster),
    command: python("cdktf_dask.tls.folder", cluster.name, TLS, record),
    environment: { PYTHONPATH: PYTHON },
    network_mode: "none",
    volumes: [{ type: "volume", source: TLS_VOLUME, target: TLS }],
  };
}

/** `docker compose run --rm smoke-test`: tests the running cluster as a client. */
function smokeTest(cluster: ResolvedCluster): Section {
  return {
    ...container(cluster),
    profiles: ["test"],
    command: python("cdktf_dask.smoke_test"),
    environment: { DASK_CONFIG: configDirectory(SMOKE_TEST), PYTHONPATH: PYTHON },
    ...volumes(cluster),
    depends_on: { [SCHEDULER]: { condition: "service_healthy" } },
  };
}

/** The certificates, and an own volume for what Dask and libraries write. */
function volumes({ tls }: ResolvedCluster): Section {
  return {
    volumes: [
      { type: "volume", target: HOME },
      ...(tls ? [{ type: "volume", source: TLS_VOLUME, target: TLS, read_only: true }] : []),
    ],
  };
}

/** Variables of a service, and those of the definition. A secret comes from the shell, as in the local stack. */
function environment(service: Service): Readonly<Record<string, string>> {
  const plain = { ...service.environment, ...plainVariables(service) };
  const secrets = Object.keys(secretVariables(service)).map((name) => {
    const source = `CDKTF_DASK_SECRET_${name}`;
    return [
      name,
      `\${${source}:?got no value for the secret ${name}: Compose does not ask AWS. Hint: export ${source}=…}`,
    ];
  });
  return {
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, escapeCompose(value)])),
    ...Object.fromEntries(secrets),
  };
}

function python(module: string, ...argv: readonly string[]): readonly string[] {
  return ["python", "-m", module, ...argv];
}

/** Asks the HTTP server of a process, every second while it starts. */
function healthcheck(port: number): Section {
  const request = `import urllib.request as r; r.urlopen("http://127.0.0.1:${port}/health", timeout=10)`;
  return {
    test: ["CMD", "python", "-c", request],
    interval: "10s",
    // Python starts slowly on a busy computer: a slow process is not a dead one.
    timeout: "15s",
    retries: 3,
    start_period: "60s",
    start_interval: "1s",
  };
}
