import { resolve } from "node:path";
import { parse } from "yaml";
import { defineCluster } from "../../../lib/config/define";
import { clientConfig } from "../../../lib/local/runtime/dask-config";
import { localPools } from "../../../lib/local/runtime/pools";
import { localPrograms } from "../../../lib/local/runtime/programs";
import { secretsOfShell } from "../../../lib/local/runtime/variables";
import { schedulerPreloadFlags } from "../../support/preloads";
import { clusterOf, failure, fixedSize, LAPTOP, PATHS, PORTS, WORKSTATION } from "../definitions";

const ROOT = "/project/.dask/test";

/** Start of each command: Dask without the configuration of the user. */
const DASK = `${ROOT}/environment/bin/python -P ${resolve("lib/local/runtime/run_dask.py")}`;

function programs(cluster = clusterOf([fixedSize({ name: "cpu", kind: "cpu" })]), computer = LAPTOP) {
  return localPrograms(cluster, localPools(cluster, computer).present, computer.cpus, PATHS, PORTS);
}

test("scheduler and workers have the command lines of nodes, on the loopback interface", () => {
  const [scheduler, worker] = programs(
    clusterOf([{ name: "cpu", kind: "cpu", threads: 1, memoryLimit: "1GiB" }]),
  );

  expect(scheduler).toMatchObject({
    name: "dask-scheduler",
    environment: {
      DASK_CONFIG: `${ROOT}/config/dask-scheduler`,
      DASK_ROOT_CONFIG: `${ROOT}/config/dask-scheduler`,
    },
  });
  expect(scheduler?.argv.join(" ")).toBe(
    `${DASK} scheduler --host 127.0.0.1 --port 18786 --dashboard-address 127.0.0.1:18787` +
      ` ${schedulerPreloadFlags(`${ROOT}/config/dask-scheduler`).join(" ")}`,
  );
  expect(worker).toMatchObject({
    name: "cpu--local-0",
    environment: {
      DASK_CONFIG: `${ROOT}/config/cpu--local-0`,
      DASK_ROOT_CONFIG: `${ROOT}/config/cpu--local-0`,
    },
  });
  expect(worker?.argv.join(" ")).toBe(
    `${DASK} worker tcp://127.0.0.1:18786 --nworkers 1 --nthreads 1 --memory-limit 1GiB ` +
      `--local-directory ${ROOT}/scratch --resources CPU=1 --name cpu--local-0 --death-timeout 120 ` +
      `--host 127.0.0.1 --dashboard-address 127.0.0.1:0 --preload ${ROOT}/config/cpu--local-0/extend_heartbeats.py`,
  );
});

test.each([
  [1, 1, "4"],
  [2, 1, "2"],
  [1, 3, "1"],
  [8, 1, "1"],
])("%i nodes with %i processes share four CPUs: %s threads each", (desiredSize, processes, threads) => {
  const [, ...workers] = programs(
    clusterOf([fixedSize({ name: "cpu", kind: "cpu", desiredSize, processes })]),
  );

  expect(workers).toHaveLength(desiredSize);
  for (const { argv } of workers) {
    expect(argv[argv.indexOf("--nthreads") + 1]).toBe(threads);
    expect(argv[argv.indexOf("--resources") + 1]).toBe(`CPU=${threads}`);
  }
});

test("nodes beyond the desired ones do not start with the supervisor, and share the CPUs", () => {
  const [, ...workers] = programs(clusterOf([{ name: "cpu", kind: "cpu", maxSize: 3 }]));

  expect(workers.map(({ name, autostart }) => [name, autostart])).toEqual([
    ["cpu--local-0", undefined],
    ["cpu--local-1", false],
    ["cpu--local-2", false],
  ]);
  expect(workers.map(({ argv }) => argv[argv.indexOf("--nthreads") + 1])).toEqual(["1", "1", "1"]);
});

test("a GPU pool is one program, without UCX", () => {
  const cluster = { ...clusterOf([{ name: "gpu", kind: "gpu" }]), ucx: true };
  const [scheduler, worker, ...others] = programs(cluster, WORKSTATION);

  expect(others).toEqual([]);
  expect(worker?.argv.slice(3, 7)).toEqual(["cuda", "worker", "tcp://127.0.0.1:18786", "--nthreads"]);
  expect(scheduler?.argv).not.toContain("ucx");
});

test("each program has its own configuration, with the spill limit of its pool", () => {
  const [scheduler, worker] = programs(clusterOf([{ name: "cpu", kind: "cpu", spill: { limit: "3GiB" } }]));

  expect(Object.keys(worker?.config ?? {})).toEqual([
    "balance_pools.py",
    "count_demand.py",
    "drain_workers.py",
    "export_heartbeats.py",
    "extend_heartbeats.py",
    "reload_certificates.py",
    "serve_autoscaling.py",
    "dask.yaml",
  ]);
  expect(parse(worker?.config["dask.yaml"] ?? "")).toMatchObject({
    "temporary-directory": `${ROOT}/scratch`,
    distributed: {
      dashboard: { link: "http://127.0.0.1:18787/status" },
      worker: { memory: { "max-spill": "3GiB" } },
    },
  });
  expect(parse(scheduler?.config["dask.yaml"] ?? "").distributed.worker.memory["max-spill"]).toBe(false);
});

test("with TLS, all programs use the file of key, certificate and CA, and require encryption", () => {
  const [scheduler, worker] = programs({ ...clusterOf([{ name: "cpu", kind: "cpu" }]), tls: true });
  const pem = `${ROOT}/tls/node.pem`;
  const files = { cert: pem, key: pem };

  expect(scheduler?.argv.join(" ")).toContain(
    "run_dask.py scheduler --protocol tls --host 127.0.0.1 --port 18786 ",
  );
  expect(worker?.argv.slice(3, 5)).toEqual(["worker", "tls://127.0.0.1:18786"]);
  for (const program of [scheduler, worker]) {
    expect(parse(program?.config["tls.yaml"] ?? "").distributed).toMatchObject({
      comm: {
        "require-encryption": true,
        tls: { "min-version": 1.3, "ca-file": pem, scheduler: files, worker: files, client: files },
      },
      nanny: { preload: [`${ROOT}/config/${program?.name}/reload_certificates.py`] },
    });
  }
});

test("the configuration of a client has the address of the scheduler and the file of the client only", () => {
  const pem = `${ROOT}/client/client.pem`;

  expect(parse(clientConfig(clusterOf([]), PATHS, "tls://127.0.0.1:18786"))).toEqual({
    "scheduler-address": "tls://127.0.0.1:18786",
    distributed: {
      comm: { "require-encryption": true, tls: { "ca-file": pem, client: { cert: pem, key: pem } } },
    },
  });
});

describe("settings of the definition", () => {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["127.0.0.0/8"] },
    tls: true,
    dask: { "distributed.worker.memory.target": 0.5 },
    environmentVariables: { TEXT: 'a "b" %c\n', PASSWORD: { secretsManager: "prod/db", key: "password" } },
    preload: ["my_lib.setup"],
    pools: [{ name: "cpu", kind: "cpu", dask: { "array.chunk-size": "1MiB" } }],
  });
  const [scheduler, worker] = programs(cluster);

  test("are in the configuration of each program", () => {
    expect(parse(scheduler?.config["user.yaml"] ?? "")).toEqual({
      distributed: { worker: { memory: { target: 0.5 } } },
    });
    expect(parse(worker?.config["user.yaml"] ?? "")).toEqual({
      distributed: { worker: { memory: { target: 0.5 } } },
      array: { "chunk-size": "1MiB" },
    });
    expect(worker?.argv.join(" ")).toContain(
      ` --preload ${ROOT}/config/cpu--local-0/reload_certificates.py` +
        ` --preload ${ROOT}/config/cpu--local-0/extend_heartbeats.py --preload my_lib.setup`,
    );
  });

  test("have variables with exact values, and the name of the user's variable instead of a secret", () => {
    for (const program of [scheduler, worker])
      expect(JSON.parse(program?.config.variables ?? "")).toEqual({
        TEXT: 'a "b" %c\n',
        PASSWORD: { from: "CDKTF_DASK_SECRET_PASSWORD" },
      });
  });

  test("are in the configuration of a client", () => {
    expect(parse(clientConfig(cluster, PATHS, "tls://127.0.0.1:18786"))).toMatchObject({
      "scheduler-address": "tls://127.0.0.1:18786",
      distributed: { comm: { "require-encryption": true }, worker: { memory: { target: 0.5 } } },
    });
  });

  test("have the values of secrets from the user's shell", async () => {
    const env = { CDKTF_DASK_SECRET_PASSWORD: "hunter2", PASSWORD: "another", HOME: "/root" };
    expect(secretsOfShell(cluster, env)).toEqual({ CDKTF_DASK_SECRET_PASSWORD: "hunter2" });
    expect(await failure(() => secretsOfShell(cluster, { PASSWORD: "another" }))).toBe(
      "environmentVariables: got no CDKTF_DASK_SECRET_PASSWORD in the environment, expected the value of the secret of PASSWORD: the local stack does not ask AWS. Hint: export CDKTF_DASK_SECRET_PASSWORD=…",
    );
  });
});

test("70 workers have no pinned ports", () => {
  const all = programs(clusterOf([{ name: "cpu", kind: "cpu", desiredSize: 70 }]));
  const words = all.flatMap(({ argv }) => argv);

  expect(all).toHaveLength(71);
  expect(words).not.toContain("--worker-port");
  expect(words).not.toContain("--nanny-port");
});
