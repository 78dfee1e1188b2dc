import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { defineCluster } from "../../lib/config/define";
import { BOOT_SECONDS } from "../../lib/node/lifecycle";
import type { Service } from "../../lib/node/service";
import { commandLine, systemdUnit } from "../../lib/node/systemd-unit";
import { schedulerPreloadFlags } from "../support/preloads";
import { largest2024, largest2026, schedulerNode, unitOf, variety, worker } from "./specs";

/** Values of a setting, in their order. */
const settings = (unit: string, key: string) =>
  unit
    .split("\n")
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));

const scheduler = unitOf(schedulerNode(production), "dask-scheduler");
const cpuWorker = unitOf(worker(production, "cpu"), "dask-worker");
const gpuWorker = unitOf(worker(production, "gpu"), "dask-cuda-worker");

const PRELOADS = "/usr/local/lib/dask-node/python/cdktf_dask/preloads";
const RELOAD = `${PRELOADS}/reload_certificates.py`;
const SCHEDULER = schedulerPreloadFlags(PRELOADS).join(" ");
const EXTEND = `${PRELOADS}/extend_heartbeats.py`;

describe("dask-scheduler.service", () => {
  test("starts the scheduler on its ports", () => {
    expect(settings(scheduler, "ExecStart")).toEqual([
      "/opt/dask/env/bin/dask scheduler --protocol tls --port 8786 --dashboard-address 127.0.0.1:8788 " +
        `--preload ${RELOAD} ${SCHEDULER}`,
    ]);
  });

  test("uses ucx:// in a cluster with UCX", () => {
    expect(settings(unitOf(schedulerNode(largest2026), "dask-scheduler"), "ExecStart")).toEqual([
      "/opt/dask/env/bin/dask scheduler --protocol ucx --port 8786 --dashboard-address 127.0.0.1:8787 " +
        SCHEDULER,
    ]);
  });

  test("has no data to drain and needs no scratch space", () => {
    expect(settings(scheduler, "ExecStop")).toEqual([]);
    expect(settings(scheduler, "Requires")).toEqual([]);
  });
});

describe("dask-worker.service", () => {
  test("starts one process with all threads of the node", () => {
    expect(settings(cpuWorker, "ExecStart")).toEqual([
      "/opt/dask/env/bin/dask worker tls://scheduler.production.internal:8786 --nworkers 1 " +
        "--nthreads ${DASK_THREADS} --memory-limit auto --local-directory /var/lib/dask/scratch " +
        "--resources CPU=${DASK_THREADS} --name cpu--${DASK_HOST} --death-timeout 120 " +
        "--worker-port 9000:9063 --nanny-port 9100:9163 " +
        `--preload-nanny ${RELOAD} --dashboard-address :8790 --preload ${RELOAD} --preload ${EXTEND}`,
    ]);
  });

  test("gives each of many processes a port, and an equal share of the memory", () => {
    const many = { name: "many", kind: "cpu", instanceTypes: ["m7i.48xlarge"], processes: 160 } as const;
    const cluster = defineCluster({ name: "c", network: { adminSubnets: ["10.0.0.0/8"] }, pools: [many] });
    const [command] = settings(unitOf(worker(cluster, "many"), "dask-worker"), "ExecStart");
    expect(command).toContain(" --nworkers 160 --nthreads ${DASK_THREADS} --memory-limit 0.00625 ");
    expect(command).toContain(" --worker-port 9000:9159 --nanny-port 9160:9319 ");
  });

  test("quotes several resources as one argument", () => {
    expect(settings(unitOf(worker(variety, "many-processes"), "dask-worker"), "ExecStart")).toEqual([
      "/opt/dask/env/bin/dask worker tls://scheduler.variety.internal:8786 --nworkers 4 --nthreads 2 " +
        '--memory-limit 8GiB --local-directory /var/lib/dask/scratch --resources "CPU=2 MEMORY=32" ' +
        "--name many-processes--${DASK_HOST} --death-timeout 120 " +
        "--worker-port 9000:9063 --nanny-port 9100:9163 " +
        `--preload-nanny ${RELOAD} --dashboard-address :8790 --preload ${RELOAD} --preload ${EXTEND}`,
    ]);
  });
});

describe("dask-cuda-worker.service", () => {
  test("starts one process per GPU with an RMM pool", () => {
    expect(settings(gpuWorker, "ExecStart")).toEqual([
      "/opt/dask/env/bin/dask cuda worker tls://scheduler.production.internal:8786 --nthreads 1 " +
        "--memory-limit auto --local-directory /var/lib/dask/scratch --resources GPU=1 " +
        "--name gpu--${DASK_HOST} --death-timeout 120 --rmm-pool-size 0.8 " +
        `--worker-port 9000:9063 --preload ${RELOAD} --preload ${EXTEND} ` +
        "--dashboard-address :8790",
    ]);
  });

  test("on release 2024.7 takes no RMM pool and no worker port, and finds the toolkit", () => {
    const unit = unitOf(worker(largest2024, "gpus-for-the-tutors"), "dask-cuda-worker");
    expect(settings(unit, "ExecStart")[0]).not.toMatch(/--rmm-pool-size|--worker-port/);
    expect(settings(unit, "Environment")).toEqual([
      "DASK_CONFIG=/etc/dask",
      "AWS_REGION=us-west-2",
      "AWS_DEFAULT_REGION=us-west-2",
      "CUDA_PATH=/usr/local/cuda-12.6",
      "CUDA_HOME=/usr/local/cuda-12.6",
      "LD_LIBRARY_PATH=/usr/local/cuda-12.6/lib64",
    ]);
  });

  test("waits for the scheduler's name, without which Dask announces its workers at 127.0.0.1", () => {
    expect(settings(cpuWorker, "ExecStartPre")).toEqual([
      "/usr/bin/getent ahosts scheduler.production.internal",
    ]);
    expect(settings(cpuWorker, "Restart")).toEqual(["always"]);
  });

  test("requires the driver", () => {
    expect(settings(gpuWorker, "ExecStartPre")).toEqual([
      "+-/usr/bin/nvidia-modprobe -c0 -u",
      "/usr/bin/nvidia-smi --list-gpus",
      "/usr/bin/getent ahosts scheduler.production.internal",
    ]);
    expect(settings(gpuWorker, "Wants")).toEqual(["network-online.target nvidia-persistenced.service"]);
    expect(settings(gpuWorker, "After")[0]?.split(" ")).toContain("nvidia-persistenced.service");
  });
});

describe.each([
  ["cpu", cpuWorker],
  ["gpu", gpuWorker],
])("a %s worker", (pool, unit) => {
  test("drains before it stops", () => {
    expect(settings(unit, "ExecStop")).toEqual([
      "-/usr/local/lib/dask-node/run.sh drain " +
        `tls://scheduler.production.internal:8786 ${pool}--\${DASK_HOST} 75`,
    ]);
  });

  test("has time to drain and to stop, within the 120 s of a spot notice", () => {
    const drain = Number(settings(unit, "ExecStop")[0]?.split(" ").at(-1));
    const stop = Number(settings(unit, "TimeoutStopSec")[0]);
    expect(drain + 5).toBeLessThan(stop); // the command ends a hanging event loop 5 s after its deadline
    expect(drain + 5 + 20).toBeLessThan(120); // Dask takes at most 20 s from SIGTERM to its end
  });

  test("starts after facts and scratch space of the node exist, and never while draining", () => {
    expect(settings(unit, "Requires")).toEqual(["dask-instance.service"]);
    expect(settings(unit, "After")[0]).toMatch(/ dask-instance\.service$/);
    expect(settings(unit, "RequiresMountsFor")).toEqual(["/var/lib/dask/scratch"]);
    expect(settings(unit, "ConditionPathExists")).toEqual(["!/run/dask/draining"]);
    expect(settings(unit, "EnvironmentFile")).toEqual(["/run/dask/instance.env"]);
    expect(settings(unit, "KillMode")).toEqual(["mixed"]);
  });
});

test("dask-instance.service writes the facts and mounts the scratch space, before any worker", () => {
  const unit = unitOf(worker(production, "cpu"), "dask-instance");
  expect(settings(unit, "Type")).toEqual(["oneshot"]);
  expect(settings(unit, "ExecStart")).toEqual([
    "/usr/local/lib/dask-node/instance-facts.sh",
    "/usr/local/lib/dask-node/scratch.sh",
  ]);
  expect(settings(unit, "Before")).toEqual(["dask-worker.service dask-cuda-worker.service"]);
  expect(settings(unit, "TimeoutStartSec")).toEqual(["300"]);
});

test("the timeout of dask-node.service is longer than the deadline of bootstrap", () => {
  const unit = unitOf(worker(production, "cpu"), "dask-node");
  expect(settings(unit, "ExecStart")).toEqual(["/usr/local/lib/dask-node/bootstrap.sh"]);
  expect(settings(unit, "TimeoutStartSec")).toEqual(["1h"]);
  expect(BOOT_SECONDS).toBeLessThan(3600);
});

describe.each([
  ["dask-scheduler", scheduler],
  ["dask-worker", cpuWorker],
  ["dask-cuda-worker", gpuWorker],
])("%s.service", (_, unit) => {
  test.each([
    ["User", "dask"],
    ["Group", "dask"],
    ["Restart", "always"],
    ["RestartSec", "5"],
    ["StartLimitIntervalSec", "0"],
    ["LimitNOFILE", "1048576"],
    ["TasksMax", "32768"],
    ["WantedBy", "multi-user.target"],
  ])("%s=%s", (key, value) => expect(settings(unit, key)).toEqual([value]));

  test("has no PYTHONPATH", () => {
    expect(settings(unit, "Environment")).toEqual([
      "DASK_CONFIG=/etc/dask",
      "AWS_REGION=eu-central-1",
      "AWS_DEFAULT_REGION=eu-central-1",
      ...(unit === scheduler ? ["CDKTF_DASK_CLUSTER=production"] : []),
    ]);
  });
});

describe("a service in the notation of systemd", () => {
  const service: Service = {
    name: "dask-scheduler",
    description: "100 % Dask",
    argv: ["/bin/dask", "--name", 'a "b" \\c', "50%", "$HOME", "${DASK_HOST}", ";"],
    environment: { GREETING: "hello world", SHARE: "80%" },
    dask: {},
    variables: {},
  };

  test("quotes words, doubles % and lone $, keeps facts of the node", () => {
    expect(commandLine(service.argv)).toBe('/bin/dask --name "a \\"b\\" \\\\c" 50%% $$HOME ${DASK_HOST} ";"');
    const unit = systemdUnit(service);
    expect(settings(unit, "Environment")).toEqual(['"GREETING=hello world"', "SHARE=80%%"]);
    expect(settings(unit, "Description")).toEqual(["100 %% Dask"]);
  });

  test("rejects a line break, and a fact of the node in the environment", () => {
    expect(() => commandLine(["a\nb"])).toThrow("'a\nb' spans lines; a unit takes one line a setting");
    expect(() => systemdUnit({ ...service, environment: { NAME: "${DASK_HOST}" } })).toThrow(
      "environment variable NAME is '${DASK_HOST}'; systemd puts node facts into arguments only, so make it one",
    );
  });
});

test("development has a unit for its one pool", () => {
  expect(unitOf(worker(development, "cpu"), "dask-worker")).toContain(
    "Description=Dask workers of development, pool cpu\n",
  );
});
