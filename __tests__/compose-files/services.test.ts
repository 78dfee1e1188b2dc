import { schedulerPreloadFlags } from "../support/preloads";
import { clusterOf } from "./definitions";
import { rendered } from "./rendered";

const { compose, services, service } = rendered(clusterOf());

const PRELOADS = "/usr/local/lib/dask-node/python/cdktf_dask/preloads";
const RELOAD = `${PRELOADS}/reload_certificates.py`;
const WAIT = "until getent ahosts scheduler > /dev/null; do sleep 1; done; exec";

test("has a service for the certificates, the scheduler, each pool and the smoke test, and Prometheus", () => {
  expect(compose.name).toBe("dask-research");
  expect(Object.keys(services)).toEqual([
    ...["certificates", "scheduler", "cpu", "gpu", "smoke-test", "prometheus"],
  ]);
});

test("runs the scheduler with the command line of a node", () => {
  expect(service("scheduler").command).toEqual([
    ...["/opt/dask/env/bin/dask", "scheduler", "--protocol", "tls", "--port", "8786"],
    ...["--dashboard-address", "0.0.0.0:8787"],
    ...["--preload", RELOAD, ...schedulerPreloadFlags(PRELOADS)],
  ]);
});

test("runs workers with the command line of a node, and the name of their container", () => {
  expect(service("cpu").command).toEqual([
    "/bin/sh",
    "-c",
    `${WAIT} /opt/dask/env/bin/dask worker tls://scheduler:8786 --nworkers 1 --nthreads 1 --memory-limit 1GiB ` +
      '--local-directory /var/lib/dask/scratch --resources CPU=1 --name cpu--"$$HOSTNAME" --death-timeout 120 ' +
      `--worker-port 9000:9063 --nanny-port 9100:9163 --preload-nanny ${RELOAD} --dashboard-address :8790 ` +
      `--preload ${RELOAD} --preload ${PRELOADS}/extend_heartbeats.py`,
  ]);
  expect(service("gpu").command[2]).toBe(
    `${WAIT} /opt/dask/env/bin/dask cuda worker tls://scheduler:8786 --nthreads 1 --memory-limit auto ` +
      '--local-directory /var/lib/dask/scratch --resources GPU=1 --name gpu--"$$HOSTNAME" --death-timeout 120 ' +
      `--rmm-pool-size 0.8 --worker-port 9000:9063 --preload ${RELOAD} ` +
      `--preload ${PRELOADS}/extend_heartbeats.py --dashboard-address :8790`,
  );
});

test("publishes the scheduler's ports on the loopback interface, and no others", () => {
  expect(service("scheduler").ports).toEqual(["127.0.0.1:8786:8786", "127.0.0.1:8787:8787"]);
  expect(service("prometheus").ports).toEqual(["127.0.0.1:8788:9090"]);
  const published = Object.keys(services).filter((name) => service(name).ports !== undefined);
  expect(published).toEqual(["scheduler", "prometheus"]);
});

test("publishes other ports, also as the origin of the dashboard and the address of clients", () => {
  const other = rendered(clusterOf(), { scheduler: 8796, dashboard: 8797 });
  expect(other.service("scheduler").ports).toEqual(["127.0.0.1:8796:8786", "127.0.0.1:8797:8787"]);
  expect(JSON.parse(other.service("certificates").command.at(-1) ?? "")).toEqual({
    address: "tls://127.0.0.1:8796",
    ports: { scheduler: 8796, dashboard: 8797 },
  });
  const configuration = other.text("image/config/scheduler/dask.yaml");
  expect(configuration).toContain('allow_websocket_origin: ["127.0.0.1:8797","localhost:8797"]');
  expect(configuration).toContain("link: http://127.0.0.1:8797/status");
});

test.each(Object.entries(services))("%s has no privileges", (_, service) => {
  expect(service).toMatchObject({
    init: true,
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    tmpfs: ["/tmp"],
    logging: { driver: "local", options: { "max-size": "20m", "max-file": "5" } },
  });
  expect(service.privileged ?? service.cap_add ?? service.user).toBeUndefined();
});

test("only the service that creates the certificates can write them", () => {
  const mount = { type: "volume", source: "tls", target: "/etc/dask/tls" };
  expect(service("certificates").volumes).toEqual([mount]);
  for (const name of ["scheduler", "cpu", "gpu", "smoke-test"])
    expect(service(name).volumes).toEqual([
      { type: "volume", target: "/var/lib/dask" },
      { ...mount, read_only: true },
    ]);
  expect(service("certificates").network_mode).toBe("none");
  expect(compose.volumes).toEqual({ tls: {}, prometheus: {} });
});

test("starts services in order, and restarts them", () => {
  expect(service("scheduler").depends_on).toEqual({
    certificates: { condition: "service_completed_successfully" },
  });
  for (const name of ["cpu", "gpu", "smoke-test", "prometheus"])
    expect(service(name).depends_on).toEqual({ scheduler: { condition: "service_healthy" } });
  const restarts = Object.fromEntries(Object.entries(services).map(([name, { restart }]) => [name, restart]));
  expect(restarts).toEqual({
    certificates: undefined,
    scheduler: "unless-stopped",
    cpu: "unless-stopped",
    gpu: "unless-stopped",
    "smoke-test": undefined,
    prometheus: "unless-stopped",
  });
});

test("asks the HTTP server of each process for its health", () => {
  const urls = ["scheduler", "cpu", "gpu"].map(
    (name) => /"(http:[^"]+)"/.exec(service(name).healthcheck.test[3])?.[1],
  );
  expect(urls).toEqual([
    "http://127.0.0.1:8787/health",
    "http://127.0.0.1:8790/health",
    "http://127.0.0.1:8790/health",
  ]);
  expect(service("cpu").healthcheck).toMatchObject({ interval: "10s", retries: 3, start_interval: "1s" });
});

test("reserves all GPUs for the container of the GPU pool, which has a profile", () => {
  expect(service("gpu")).toMatchObject({
    image: "cdktf-dask/research-gpu:2026.7",
    profiles: ["gpu"],
    environment: { NVIDIA_DRIVER_CAPABILITIES: "compute,utility" },
    deploy: {
      replicas: 1,
      resources: { reservations: { devices: [{ driver: "nvidia", count: "all", capabilities: ["gpu"] }] } },
    },
  });
  expect(service("cpu").deploy.resources.reservations).toBeUndefined();
});

test("without TLS has no certificates", () => {
  const plain = rendered(clusterOf({ tls: false }));
  expect(Object.keys(plain.services)).toEqual(["scheduler", "cpu", "gpu", "smoke-test", "prometheus"]);
  expect(plain.compose.volumes).toEqual({ prometheus: {} });
  expect(plain.service("scheduler")).toMatchObject({
    volumes: [{ type: "volume", target: "/var/lib/dask" }],
  });
  expect(plain.service("cpu").command[2]).toContain(" worker tcp://scheduler:8786 ");
  expect([...plain.files.keys()].filter((path) => path.endsWith("tls.yaml"))).toEqual([]);
});

test("has TCP instead of UCX, because containers are on one computer", () => {
  const ucx = rendered(
    clusterOf({
      tls: false,
      scheduler: { instanceType: "g6.xlarge", image: "deep-learning" },
      pools: [{ name: "gpu", kind: "gpu", ucx: true }],
    }),
  );
  expect(ucx.service("gpu").command[2]).toContain(" tcp://scheduler:8786 ");
  expect(ucx.service("scheduler").command).not.toContain("ucx");
});
