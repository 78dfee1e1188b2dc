import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { RELEASES } from "../../lib/config/releases";
import { exactPython } from "../../lib/node/miniforge";
import { environmentFile } from "../../lib/node/node-files";
import type { NodePlan } from "../../lib/node/node-plan";
import { packageFile, packageFiles, packageRoot } from "../../lib/node/package-file";
import {
  everySpec,
  fileOf,
  largest2024,
  largest2026,
  schedulerNode,
  scriptOf,
  settingsOfPython,
  settingsRead,
  variety,
  worker,
} from "./specs";

const paths = (spec: { files: readonly { path: string }[] }) => spec.files.map(({ path }) => path);
const daskYaml = (spec: (typeof everySpec)[number][1]) => parse(fileOf(spec, "/etc/dask/dask.yaml"));

const scheduler = schedulerNode(production);
const cpuWorker = worker(production, "cpu");
const gpuWorker = worker(production, "gpu");
const toolkitWorker = worker(largest2024, "gpus-for-the-tutors");

describe("the steps", () => {
  test("without GPU: packages parallel to conda, then configuration, certificates and Dask", () => {
    expect(cpuWorker.bake).toEqual([["base"], ["conda"]]);
    expect(cpuWorker.boot).toEqual(["configuration", "certificates", "dask"]);
    expect(cpuWorker.settings).toMatchObject({
      BAKE: "base conda",
      BOOT: "configuration,certificates,dask",
    });
  });

  test("on the scheduler: also the reverse proxy of the dashboard, and Prometheus", () => {
    expect(scheduler.bake).toEqual([["base"], ["conda"]]);
    expect(scheduler.boot).toEqual(["configuration", "certificates", "dashboard", "dask", "monitoring"]);
  });

  test("without TLS: neither certificates nor reverse proxy", () => {
    expect(schedulerNode(largest2026).boot).toEqual(["configuration", "dask", "monitoring"]);
    expect(worker(largest2026, "gpus-for-the-tutors").boot).toEqual(["configuration", "dask"]);
  });

  test("with GPU: the driver after the packages, in the same parallel group", () => {
    expect(gpuWorker.bake).toEqual([["base", "cuda-nvidia"], ["conda"]]);
    expect(gpuWorker.boot).toEqual(["configuration", "certificates", "dask"]);
    expect(gpuWorker.settings.BAKE).toBe("base,cuda-nvidia conda");
  });

  test("on release 2024.7: also the toolkit", () => {
    expect(toolkitWorker.bake).toEqual([["base", "cuda-nvidia", "cuda-toolkit"], ["conda"]]);
    expect(schedulerNode(largest2024).bake).toEqual([["base"], ["conda"]]);
  });

  test("the scheduler of a cluster with UCX has a GPU, its driver and its lockfile", () => {
    const spec = schedulerNode(largest2026);
    expect(spec.bake.flat()).toContain("cuda-nvidia");
    expect(spec.settings.DRIVER_BRANCH).toBe("580");
    expect(scriptOf(spec, "requirements.txt")).toBe(packageFile("locks/2026.7/gpu.txt"));
  });
});

describe("the lockfile", () => {
  test.each([
    ["scheduler", scheduler, "locks/2026.7/cpu.txt"],
    ["CPU worker", cpuWorker, "locks/2026.7/cpu.txt"],
    ["GPU worker", gpuWorker, "locks/2026.7/gpu.txt"],
    ["GPU worker on 2024.7", toolkitWorker, "locks/2024.7/gpu.txt"],
  ])("of a %s is unchanged in its bundle", (_, spec, lock) => {
    expect(scriptOf(spec, "requirements.txt")).toBe(packageFile(lock));
    expect(spec.stub.map(({ path }) => path)).not.toContain("/usr/local/lib/dask-node/requirements.txt");
  });

  test.each(Object.keys(RELEASES).flatMap((release) => ["cpu", "gpu"].map((kind) => [release, kind])))(
    "of release %s has a version and a hash for each package: %s",
    (release, kind) => {
      const packages = packageFile(`locks/${release}/${kind}.txt`)
        .replaceAll(/^(#|--only-binary).*\n|\n {4}#.*/gm, "")
        .split(/\n(?! )/)
        .filter((line) => line !== "");
      expect(packages.length).toBeGreaterThan(50);
      const pin = /^\S+==\S+( ; [^\\]+)?( \\\n {4}--hash=sha256:[0-9a-f]{64})+$/;
      expect(packages.filter((line) => !pin.test(line))).toEqual([]);
    },
  );
});

test("packages are those for the disks of a pool, for the dashboard proxy and for monitoring", () => {
  const monitoring = ["prometheus", "prometheus-alertmanager"];
  expect(scheduler.packages).toEqual(["ca-certificates", "curl", "nginx", "openssl", ...monitoring]);
  expect(worker(development, "cpu").packages).toEqual(["ca-certificates", "curl"]);
  expect(cpuWorker.packages).toEqual(["ca-certificates", "curl", "mdadm", "xfsprogs"]);
  expect(schedulerNode(largest2026).packages).toEqual(["ca-certificates", "curl", ...monitoring]);
});

test("a release has an exact Python, within the catalogue's", () => {
  expect(exactPython(RELEASES["2026.7"])).toBe("3.12.13");
  expect(exactPython(RELEASES["2024.7"])).toBe("3.11.15");
  expect(() => exactPython({ ...RELEASES["2026.7"], python: "3.14" })).toThrow(
    "release 2026.7 runs on Python 3.14, expected 3.12, 3.11; add its patch version",
  );
});

test("settings of a worker node contain what differs between pools", () => {
  expect(worker(variety, "many-processes").settings).toMatchObject({
    SPILL_STORAGE: "ebs",
    WORKER_PROCESSES: "4",
    WORKER_PREFIX: "many-processes--",
    SCHEDULER: "tls://scheduler.variety.internal:8786",
    SERVICE: "dask-worker",
  });
  expect(gpuWorker.settings).toMatchObject({
    SPILL_STORAGE: "instance-store",
    WORKER_PROCESSES: "gpus",
    DRIVER_BRANCH: "580",
    GROUP: "dask-production--gpu",
    HOOK: "workers-registered",
    INSTANCE_UNIT: "dask-instance.service",
    BOOT_SECONDS: "2400",
    JOIN_SECONDS: "1200",
  });
  expect(gpuWorker.settings).not.toHaveProperty("CUDA_PACKAGE");
  expect(toolkitWorker.settings.CUDA_PACKAGE).toBe("cuda-toolkit-12-6");
});

test("settings of the scheduler have neither an Auto Scaling group nor scratch space", () => {
  expect(scheduler.settings).toMatchObject({
    GROUP: "",
    INSTANCE_UNIT: "",
    HTTP_PORT: "8788",
    DASHBOARD_PORT: "8787",
    JOIN_SECONDS: "180",
    SERVICE: "dask-scheduler",
  });
});

test("rejects a setting that a shell and systemd read differently", () => {
  expect(environmentFile("/etc/x", { A: "one two" }).content).toBe("A='one two'\n");
  expect(() => environmentFile("/etc/x", { A: "it's" })).toThrow(
    'setting A is "it\'s", expected one line without a quote',
  );
});

test("Python on nodes reads only settings that some nodes have", () => {
  const names = new Set(everySpec.flatMap(([, { settings }]) => Object.keys(settings)));
  const read = settingsOfPython(cpuWorker.files);
  expect(read).toEqual([
    ...[
      "ARTIFACT_BUCKET",
      "AUTOSCALER",
      "CERTIFICATE_NAMES",
      "CERTIFICATE_ROLE",
      "CLUSTER",
      "DASHBOARD_HOSTS",
      "DASHBOARD_PORT",
      "DRAIN_SECONDS",
      "EXPECTATION",
      "GROUP",
      "HEARTBEAT_SECONDS",
      "HOOK_SECONDS",
      "JOIN_SECONDS",
      "LOG_GROUP",
      "LOG_POOL",
    ],
    ...["SCHEDULER", "SERVICE", "SPOT_DRAIN_SECONDS", "TERMINATION_HOOK"],
  ]);
  expect(read.filter((name) => !names.has(name))).toEqual([]);
});

/** Whether a step is a script; the others are modules of the Python package. */
const isScript = (step: string) => !modules.includes(`python/src/cdktf_dask/node/${step}.py`);
const modules = packageFiles("python/src/cdktf_dask/node", ".py");

describe.each(everySpec)("%s", (_, spec) => {
  test("gives its scripts every setting they read, and no other", () => {
    const python = settingsOfPython(spec.files);
    // Only the stub reads these.
    const wanted = settingsRead(spec.files).filter((name) => !["BUCKET", "BUNDLE"].includes(name));
    expect(Object.keys(spec.settings).filter((name) => ![...wanted, ...python].includes(name))).toEqual([]);
    // Scripts are the same on both kinds of nodes, and have branches for the other kind.
    const otherKind = spec.role === "scheduler" ? ["WORKER_PREFIX", "WORKER_PROCESSES"] : ["HTTP_PORT"];
    expect(wanted.filter((name) => !(name in spec.settings))).toEqual(otherKind);
  });

  test("has each file once, a script or module for each step, and executables only where they are run", () => {
    expect(new Set(paths(spec)).size).toBe(spec.files.length);
    const executable = spec.files.filter(({ mode }) => mode === "0755").map(({ path }) => path);
    expect(executable.sort()).toEqual(
      [
        ...["bootstrap", "fetch-bundle", "run", ...spec.bake.flat(), ...spec.boot.filter(isScript)],
        ...(spec.role === "scheduler" ? [] : ["instance-facts", "scratch"]),
      ]
        .map((name) => `/usr/local/lib/dask-node/${name}.sh`)
        .sort(),
    );
    for (const path of executable) expect(fileOf(spec, path)).toMatch(/^#!\/bin\/bash\n/);
  });

  test("has each file of cloud-init unchanged, comments included", () => {
    for (const { path, content } of spec.files) {
      expect(content).toMatch(/\S\n$/);
      if (!path.startsWith("/usr/local/lib/dask-node/") || /\.txt$|\/python\//.test(path)) continue;
      const name = path.split("/").at(-1) as string;
      const folder = folders.find((candidate) => readdirSync(candidate).includes(name)) as string;
      expect(content).toBe(packageFile(`cloud-init/${folder.split("/").at(-1)}/${name}`));
    }
  });

  test("has the downloader of the bundle and its reports in the stub, and all other files in the bundle", () => {
    const end = spec.role === "scheduler" ? "signal" : "hook";
    expect(spec.stub.map(({ path }) => path)).toEqual([
      "/etc/systemd/system/dask-bundle.service",
      ...[end, "fetch-bundle", "instance"].map((name) => `/usr/local/lib/dask-node/${name}.sh`),
      "/etc/dask/bundle.env",
    ]);
    expect(fileOf(spec, "/etc/dask/bundle.env").split("\n")).toEqual([
      expect.stringMatching(/^BUCKET='dask-[a-z0-9-]+--ACCOUNT'$/),
      `BUNDLE='${spec.bundle.sha256}'`,
      ...(end === "hook" ? [`GROUP='${spec.name}'`] : []),
      ...(end === "hook" ? ["HOOK='workers-registered'", "HOOK_SECONDS='180'"] : []),
      "RETRY_SECONDS='150'",
      ...(end === "signal" ? [`SIGNAL='${spec.settings.SIGNAL}'`, "SIGNAL_SECONDS='300'"] : []),
      "",
    ]);
  });

  test("limits ephemeral ports to the range in the security groups", () => {
    expect(fileOf(spec, "/etc/sysctl.d/90-dask.conf")).toContain(
      "\nnet.ipv4.ip_local_port_range = 32768 40959\n",
    );
  });
});

const folders = ["base", "conda", "cuda-nvidia", "dask", "dashboard", "logs", "tls"].map((folder) =>
  join(packageRoot(), "cloud-init", folder),
);

describe("tls.yaml", () => {
  const pem = "/etc/dask/tls/node.pem";
  const both = { cert: pem, key: pem };
  const preload = ["/usr/local/lib/dask-node/python/cdktf_dask/preloads/reload_certificates.py"];

  test.each([scheduler, cpuWorker, gpuWorker])(
    "requires a certificate for each connection: $title",
    (spec) => {
      expect(parse(fileOf(spec, "/etc/dask/tls.yaml"))).toEqual({
        distributed: {
          comm: {
            "default-scheme": "tls",
            "require-encryption": true,
            tls: { "min-version": 1.3, "ca-file": pem, scheduler: both, worker: both, client: both },
          },
          nanny: { preload },
        },
      });
    },
  );

  test("does not exist without TLS", () => {
    expect(paths(schedulerNode(largest2026))).not.toContain("/etc/dask/tls.yaml");
  });
});

describe("dask.yaml", () => {
  const config = daskYaml(cpuWorker);

  test("has the default memory thresholds of Dask", () => {
    expect(config.distributed.worker.memory).toEqual({
      target: 0.6,
      spill: 0.7,
      pause: 0.8,
      terminate: 0.95,
      "max-spill": false,
    });
  });

  test("has the spill limit of the pool", () => {
    expect(daskYaml(worker(variety, "gpu")).distributed.worker.memory["max-spill"]).toBe("30GiB");
    expect(daskYaml(worker(variety, "many-processes")).distributed.worker.memory["max-spill"]).toBe("50GiB");
  });

  test("puts temporary files into the scratch space and links the dashboard", () => {
    expect(config["temporary-directory"]).toBe("/var/lib/dask/scratch");
    expect(config.distributed.dashboard.link).toBe("https://scheduler.production.internal:8787/status");
    expect(daskYaml(schedulerNode(largest2026)).distributed.dashboard.link).toBe(
      "http://localhost:8787/status",
    );
  });

  test("accepts WebSocket connections only from pages of the dashboard", () => {
    const origins = (spec: NodePlan) =>
      daskYaml(spec).distributed.scheduler.dashboard["bokeh-application"].allow_websocket_origin;
    expect(origins(scheduler)).toEqual([
      "scheduler.production.internal:8787",
      "10.30.0.10:8787",
      "localhost:8787",
    ]);
    expect(origins(schedulerNode(largest2026))).toEqual(["localhost:8787"]);
  });

  test("limits the time for failing tasks, silent workers and missing resources", () => {
    expect(config.distributed.scheduler).toMatchObject({
      "allowed-failures": 3,
      "worker-ttl": "5 minutes",
      "no-workers-timeout": "1 hour",
    });
  });

  test("has no time limit for tasks on release 2024.7, whose scheduler would shut down", () => {
    expect(daskYaml(schedulerNode(largest2024)).distributed.scheduler["no-workers-timeout"]).toBeNull();
  });

  test("limits libraries to one thread, and compresses automatically", () => {
    expect(config.distributed.nanny["pre-spawn-environ"]).toEqual({
      OMP_NUM_THREADS: 1,
      MKL_NUM_THREADS: 1,
      OPENBLAS_NUM_THREADS: 1,
    });
    expect(config.distributed.comm).toEqual({ compression: "auto" });
  });

  test("configures UCX in the namespace of the release, only in clusters with UCX", () => {
    const ucx = parse(fileOf(schedulerNode(largest2026), "/etc/dask/ucx.yaml"));
    expect(ucx).toEqual({ "distributed-ucxx": { "create-cuda-context": true } });
    expect(paths(gpuWorker)).not.toContain("/etc/dask/ucx.yaml");
  });
});
