import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { RELEASES } from "../../lib/cluster/releases";
import { schedulerNode } from "../../lib/node/machine";
import { exactPython } from "../../lib/node/miniforge";
import { environmentFile } from "../../lib/node/node-files";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { everySpec, fileOf, largest2024, largest2026, scriptOf, variety, worker } from "./specs";

const paths = (spec: { files: readonly { path: string }[] }) => spec.files.map(({ path }) => path);
const daskYaml = (spec: (typeof everySpec)[number][1]) => parse(fileOf(spec, "/etc/dask/dask.yaml"));

const scheduler = schedulerNode(production);
const cpuWorker = worker(production, "cpu");
const gpuWorker = worker(production, "gpu");

describe("phases are the tutorial's roles", () => {
  test("without GPU: base, conda, dask", () => {
    expect(scheduler.phases).toEqual(["base", "conda", "dask"]);
    expect(cpuWorker.phases).toEqual(["base", "conda", "dask"]);
    expect(cpuWorker.settings.PHASES).toBe("base conda dask");
  });

  test("with GPU: base, conda, cuda-nvidia, dask", () => {
    expect(gpuWorker.phases).toEqual(["base", "conda", "cuda-nvidia", "dask"]);
  });

  test("the scheduler of a cluster with UCX has a GPU, and what goes with it", () => {
    const spec = schedulerNode(largest2026);
    expect(spec.phases).toContain("cuda-nvidia");
    expect(scriptOf(spec, "lock.txt")).toBe(packageFile("locks/2026.7/gpu.node.txt"));
  });
});

test.each([
  ["scheduler", scheduler, "locks/2026.7/cpu.node.txt"],
  ["CPU worker", cpuWorker, "locks/2026.7/cpu.node.txt"],
  ["GPU worker", gpuWorker, "locks/2026.7/gpu.node.txt"],
  ["GPU worker on 2024.7", worker(largest2024, "gpus-for-the-tutors"), "locks/2024.7/gpu.node.txt"],
])("the lock of a %s", (_, spec, lock) => expect(scriptOf(spec, "lock.txt")).toBe(packageFile(lock)));

test("packages are those for the disks a pool has", () => {
  expect(scheduler.packages).toEqual(["ca-certificates", "curl"]);
  expect(worker(development, "cpu").packages).toEqual(["ca-certificates", "curl"]);
  expect(cpuWorker.packages).toEqual(["ca-certificates", "curl", "mdadm", "xfsprogs"]);
});

test("a release has an exact Python, within the catalogue's", () => {
  expect(exactPython(RELEASES["2026.7"])).toBe("3.12.13");
  expect(exactPython(RELEASES["2024.7"])).toBe("3.11.15");
  expect(() => exactPython({ ...RELEASES["2026.7"], python: "3.14" })).toThrow(
    "release 2026.7 runs on Python 3.14; allowed: 3.12, 3.11; add its patch version",
  );
});

test("settings tell a worker's machine what differs between pools", () => {
  expect(worker(variety, "many-processes").settings).toMatchObject({
    SPILL_ON: "ebs",
    WORKER_PROCESSES: "4",
    WORKER_PREFIX: "many-processes--",
    SCHEDULER: "tcp://scheduler.variety.internal:8786",
    SERVICE: "dask-worker",
  });
  expect(gpuWorker.settings).toMatchObject({
    SPILL_ON: "instance-store",
    WORKER_PROCESSES: "gpus",
    DRIVER_BRANCH: "580",
    CUDA_PACKAGE: "",
  });
  expect(worker(largest2024, "gpus-for-the-tutors").settings.CUDA_PACKAGE).toBe("cuda-toolkit-12-6");
});

test("a setting that a shell and systemd read differently is refused", () => {
  expect(environmentFile("/etc/x", { A: "one two" }).content).toBe("A='one two'\n");
  expect(() => environmentFile("/etc/x", { A: "it's" })).toThrow(
    'setting A is "it\'s"; allowed: one line without a quote',
  );
});

describe.each(everySpec)("%s", (_, spec) => {
  test("gives its scripts every setting they read, and no other", () => {
    const scripts = spec.files.filter(({ path }) => path.startsWith("/usr/local/lib/dask-node/"));
    const code = scripts.map(({ content }) => content).join("");
    const assigned = new Set(
      [...code.matchAll(/(?:^|[\s(])([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name as string),
    );
    const read = new Set([...code.matchAll(/\$\{?([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name as string));
    // Bash's own; the machine's facts; the directories that only tests move.
    const known = /^(BASH_SOURCE|SECONDS|DASK_HOST|DASK_NODE_(ENV|STATE|LOG)|PHASE_SECONDS)$/;
    const wanted = [...read].filter((name) => !assigned.has(name) && !known.test(name)).sort();
    expect(Object.keys(spec.settings).filter((name) => !wanted.includes(name))).toEqual([]);
    // A script serves both kinds of machines, so it names settings of the other kind, in branches not taken.
    const otherKind =
      spec.role === "scheduler" ? ["SCHEDULER", "WORKER_PREFIX", "WORKER_PROCESSES"] : ["DASHBOARD_PORT"];
    expect(wanted.filter((name) => !(name in spec.settings))).toEqual(otherKind);
  });

  test("has each file once, a script for each phase, and executables only where they are run", () => {
    expect(new Set(paths(spec)).size).toBe(spec.files.length);
    const executable = spec.files.filter(({ mode }) => mode === "0755").map(({ path }) => path);
    expect(executable).toEqual(
      ["bootstrap", ...spec.phases, ...(spec.role === "scheduler" ? [] : ["machine-facts", "scratch"])].map(
        (name) => `/usr/local/lib/dask-node/${name}`,
      ),
    );
    for (const path of executable) expect(fileOf(spec, path)).toMatch(/^#!\/bin\/bash\n/);
  });

  test("lands without lines of comment, and with every other line of its files", () => {
    for (const { path, content } of spec.files) {
      expect(content.split("\n").filter((line) => /^\s*#(?!!)/.test(line))).toEqual([]);
      expect(content).toMatch(/\S\n$/);
      if (!path.startsWith("/usr/local/lib/dask-node/") || path.endsWith(".txt")) continue;
      const name = path.split("/").at(-1) as string;
      const folder = folders.find((candidate) => readdirSync(candidate).includes(name)) as string;
      const original = packageFile(`cloud-init/${folder.split("/").at(-1)}/${name}`);
      expect(content.split("\n").filter(Boolean)).toEqual(
        original.split("\n").filter((line) => line !== "" && !/^\s*#(?!!)/.test(line)),
      );
    }
  });

  test("leaves only local ports that the security groups know to chance", () => {
    expect(fileOf(spec, "/etc/sysctl.d/90-dask.conf")).toBe("net.ipv4.ip_local_port_range = 32768 40959\n");
  });
});

const folders = ["base", "conda", "cuda-nvidia", "dask"].map((folder) =>
  join(packageRoot(), "cloud-init", folder),
);

describe("dask.yaml", () => {
  const config = daskYaml(cpuWorker);

  test("has Dask's own memory thresholds", () => {
    expect(config.distributed.worker.memory).toEqual({
      target: 0.6,
      spill: 0.7,
      pause: 0.8,
      terminate: 0.95,
      "max-spill": false,
    });
  });

  test("limits what workers spill where the pool says so", () => {
    expect(daskYaml(worker(variety, "gpu")).distributed.worker.memory["max-spill"]).toBe("30GiB");
    expect(daskYaml(worker(variety, "many-processes")).distributed.worker.memory["max-spill"]).toBe("50GiB");
  });

  test("puts temporary files into the scratch space and links the dashboard", () => {
    expect(config["temporary-directory"]).toBe("/var/lib/dask/scratch");
    expect(config.distributed.dashboard.link).toBe("http://scheduler.production.internal:8787/status");
  });

  test("gives up on bad tasks, silent workers and resources that nobody offers", () => {
    expect(config.distributed.scheduler).toEqual({
      "allowed-failures": 3,
      "worker-ttl": "5 minutes",
      "no-workers-timeout": "1 hour",
    });
  });

  test("lets tasks wait on release 2024.7, whose scheduler would shut itself down instead", () => {
    expect(daskYaml(schedulerNode(largest2024)).distributed.scheduler["no-workers-timeout"]).toBeNull();
  });

  test("keeps libraries to one thread, and compresses where it pays", () => {
    expect(config.distributed.nanny["pre-spawn-environ"]).toEqual({
      OMP_NUM_THREADS: 1,
      MKL_NUM_THREADS: 1,
      OPENBLAS_NUM_THREADS: 1,
    });
    expect(config.distributed.comm).toEqual({ compression: "auto" });
  });

  test("speaks of UCX in the release's namespace, in clusters with UCX alone", () => {
    const ucx = parse(fileOf(schedulerNode(largest2026), "/etc/dask/ucx.yaml"));
    expect(ucx).toEqual({ "distributed-ucxx": { "create-cuda-context": true } });
    expect(paths(gpuWorker)).not.toContain("/etc/dask/ucx.yaml");
  });
});
