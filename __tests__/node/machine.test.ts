import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { RELEASES } from "../../lib/cluster/releases";
import { lockFiles } from "../../lib/node/lock";
import { schedulerNode } from "../../lib/node/machine";
import { exactPython } from "../../lib/node/miniforge";
import { environmentFile } from "../../lib/node/node-files";
import type { NodeSpec } from "../../lib/node/node-spec";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import {
  everySpec,
  fileOf,
  largest2024,
  largest2026,
  scriptOf,
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

describe("phases are the tutorial's roles, and what each boot sets up", () => {
  test("without GPU: packages beside conda, then configuration and Dask", () => {
    for (const spec of [scheduler, cpuWorker]) {
      expect(spec.bake).toEqual([["base"], ["conda"]]);
      expect(spec.boot).toEqual(["configuration", "dask"]);
    }
    expect(cpuWorker.settings).toMatchObject({ BAKE: "base conda", BOOT: "configuration,dask" });
  });

  test("with GPU: the driver after the packages, in their lane", () => {
    expect(gpuWorker.bake).toEqual([["base", "cuda-nvidia"], ["conda"]]);
    expect(gpuWorker.boot).toEqual(["configuration", "dask"]);
    expect(gpuWorker.settings.BAKE).toBe("base,cuda-nvidia conda");
  });

  test("on release 2024.7: the toolkit too", () => {
    expect(toolkitWorker.bake).toEqual([["base", "cuda-nvidia", "cuda-toolkit"], ["conda"]]);
    expect(schedulerNode(largest2024).bake).toEqual([["base"], ["conda"]]);
  });

  test("the scheduler of a cluster with UCX has a GPU, and what goes with it", () => {
    const spec = schedulerNode(largest2026);
    expect(spec.bake.flat()).toContain("cuda-nvidia");
    expect(spec.settings.DRIVER_BRANCH).toBe("580");
    expect(lockOf(spec)).toBe(packageFile("locks/2026.7/gpu.node.txt"));
  });
});

/** A machine's lock, put together again; the machine's own way is tested with the phase `conda`. */
function lockOf(spec: NodeSpec): string {
  const digests = Buffer.from(scriptOf(spec, "lock.sha256"), "base64").toString("hex").match(/.{64}/g) ?? [];
  const pins = scriptOf(spec, "lock.txt").trimEnd().split("\n");
  expect(digests).toHaveLength(pins.length);
  return pins.map((pin, index) => `${pin} --hash=sha256:${digests[index]}\n`).join("");
}

describe("the lock", () => {
  test.each([
    ["scheduler", scheduler, "locks/2026.7/cpu.node.txt"],
    ["CPU worker", cpuWorker, "locks/2026.7/cpu.node.txt"],
    ["GPU worker", gpuWorker, "locks/2026.7/gpu.node.txt"],
    ["GPU worker on 2024.7", toolkitWorker, "locks/2024.7/gpu.node.txt"],
  ])("of a %s", (_, spec, lock) => expect(lockOf(spec)).toBe(packageFile(lock)));

  test("is refused where a line is more or less than a name, a version and a digest", () => {
    expect(() => lockFiles("locks/2026.7/cpu.in")).toThrow(
      /^locks\/2026\.7\/cpu\.in has the line ".*"; allowed: name==version --hash=sha256: and 64 hexadecimal digits; remedy: npm run lock$/,
    );
  });
});

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
    GROUP: "production-gpu",
    HOOK: "workers-registered",
    MACHINE_UNIT: "dask-machine.service",
    BOOT_SECONDS: "2400",
    JOIN_SECONDS: "1200",
  });
  expect(gpuWorker.settings).not.toHaveProperty("CUDA_PACKAGE");
  expect(toolkitWorker.settings.CUDA_PACKAGE).toBe("cuda-toolkit-12-6");
});

test("settings tell the scheduler's machine that it is in no group and has no scratch space", () => {
  expect(scheduler.settings).toMatchObject({
    GROUP: "",
    MACHINE_UNIT: "",
    DASHBOARD_PORT: "8787",
    JOIN_SECONDS: "180",
    SERVICE: "dask-scheduler",
  });
});

test("a setting that a shell and systemd read differently is refused", () => {
  expect(environmentFile("/etc/x", { A: "one two" }).content).toBe("A='one two'\n");
  expect(() => environmentFile("/etc/x", { A: "it's" })).toThrow(
    'setting A is "it\'s"; allowed: one line without a quote',
  );
});

describe.each(everySpec)("%s", (_, spec) => {
  test("gives its scripts every setting they read, and no other", () => {
    const wanted = settingsRead(spec.files);
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
      [
        ...["bootstrap", ...spec.bake.flat(), ...spec.boot],
        ...(spec.role === "scheduler" ? [] : ["machine-facts", "scratch"]),
      ].map((name) => `/usr/local/lib/dask-node/${name}`),
    );
    for (const path of executable) expect(fileOf(spec, path)).toMatch(/^#!\/bin\/bash\n/);
  });

  test("lands without lines of comment, and with every other line of its files", () => {
    for (const { path, content } of spec.files) {
      expect(content.split("\n").filter((line) => /^\s*#(?!!)/.test(line))).toEqual([]);
      expect(content).toMatch(/\S\n$/);
      if (!path.startsWith("/usr/local/lib/dask-node/") || /\.(txt|sha256)$/.test(path)) continue;
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
