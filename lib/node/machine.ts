import type { Cluster, Pool } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { bakeKey } from "./bake";
import { cudaEnvironment, cudaPhases, cudaSettings } from "./cuda";
import { daskConfig } from "./dask-config";
import { ANSWER_SECONDS, BOOT_SECONDS, groupName, JOIN_SECONDS, LAUNCH_HOOK } from "./lifecycle";
import { lockFiles } from "./lock";
import { exactPython, MINIFORGE } from "./miniforge";
import { copy, ENVIRONMENT, environmentFile, LIBRARY, script, text, UNITS } from "./node-files";
import { nodeSite } from "./node-site";
import type { NodeFile, NodeSpec, Phase } from "./node-spec";
import { packageFile } from "./package-file";
import { POOL_SEPARATOR, schedulerService, workerService } from "./services";
import { commandLine, systemdUnit } from "./systemd-unit";
import { renderTemplate } from "./template";

/** Script of each phase, below `cloud-init/`. */
const SCRIPTS: Readonly<Record<Phase, string>> = {
  base: "base/base",
  conda: "conda/conda",
  "cuda-nvidia": "cuda-nvidia/cuda-nvidia",
  "cuda-toolkit": "cuda-nvidia/cuda-toolkit",
  configuration: "dask/configuration",
  dask: "dask/dask",
};

/** Seconds to move a stopping worker's data: with the 20 s of Dask's own end, within a spot notice's 120 s. */
const DRAIN_SECONDS = 75;

/** Seconds that systemd gives the drain, and then the processes, before it kills them. */
const STOP_SECONDS = 100;

/** The scheduler's machine. In a cluster with UCX it has a GPU and the workers' packages: it speaks `ucx://` too. */
export function schedulerNode(cluster: Cluster): NodeSpec {
  const service = schedulerService(cluster, nodeSite(cluster));
  return assemble(cluster, cluster.ucx, false, {
    role: "scheduler",
    title: `Scheduler of ${cluster.name}`,
    packages: [],
    service,
    settings: {
      GROUP: "",
      MACHINE_UNIT: "",
      DASHBOARD_PORT: String(PORTS.dashboard.from),
      JOIN_SECONDS: String(ANSWER_SECONDS),
    },
    files: [text(`${UNITS}/${service.name}.service`, systemdUnit(service))],
  });
}

/** A machine of a pool. */
export function workerNode(cluster: Cluster, pool: Pool): NodeSpec {
  const site = nodeSite(cluster);
  const gpu = pool.kind === "gpu";
  const bare = workerService(cluster, pool, site);
  const service = gpu
    ? { ...bare, environment: { ...bare.environment, ...cudaEnvironment(cluster.release.cuda) } }
    : bare;
  const prefix = `${pool.name}${POOL_SEPARATOR}`;
  const drain = [
    ...[`${site.bin}/python`, `${LIBRARY}/workers.py`, "drain"],
    ...[site.schedulerAddress, `${prefix}\${DASK_HOST}`, String(DRAIN_SECONDS)],
  ];
  const unit = systemdUnit(service, {
    SCRATCH: site.scratch,
    EXEC_STOP: commandLine(drain),
    STOP_SECONDS: String(STOP_SECONDS),
  });
  return assemble(cluster, gpu, pool.spill.limit, {
    role: gpu ? "gpu-worker" : "cpu-worker",
    title: `Worker of ${cluster.name}, pool ${pool.name}`,
    packages: pool.spill.on === "instance-store" ? ["mdadm", "xfsprogs"] : [],
    service,
    settings: {
      GROUP: groupName(cluster, pool),
      MACHINE_UNIT: "dask-machine.service",
      SPILL_ON: pool.spill.on,
      WORKER_PROCESSES: pool.kind === "cpu" ? String(pool.processes) : "gpus",
      WORKER_PREFIX: prefix,
      SCHEDULER: site.schedulerAddress,
      JOIN_SECONDS: String(JOIN_SECONDS),
    },
    files: [
      text(`${UNITS}/${service.name}.service`, unit),
      copy("base/dask-machine.service", UNITS),
      script("base/machine-facts"),
      script("base/scratch"),
      copy("dask/workers.py", LIBRARY),
    ],
  });
}

/** Adds what every machine has to what is particular to one. */
function assemble(
  cluster: Cluster,
  gpu: boolean,
  spillLimit: string | false,
  particular: Omit<NodeSpec, "bake" | "boot">,
): NodeSpec {
  const { release } = cluster;
  // Packages come one after the other; conda needs no package manager.
  const bake: readonly (readonly Phase[])[] = [["base", ...(gpu ? cudaPhases(release.cuda) : [])], ["conda"]];
  const boot: readonly Phase[] = ["configuration", "dask"];
  const packages = ["ca-certificates", "curl", ...particular.packages];
  const settings = {
    BAKE: bake.map((lane) => lane.join(",")).join(" "),
    BOOT: boot.join(","),
    BOOT_SECONDS: String(BOOT_SECONDS),
    HOOK: LAUNCH_HOOK,
    PACKAGES: packages.join(" "),
    SCRATCH: nodeSite(cluster).scratch,
    DASK: release.dask,
    PYTHON: exactPython(release),
    MINIFORGE_URL: MINIFORGE.url,
    MINIFORGE_SHA256: MINIFORGE.sha256,
    SERVICE: particular.service.name,
    ...(gpu ? cudaSettings(release.driverBranch, release.cuda) : {}),
    ...particular.settings,
  };
  const lock = lockFiles(`locks/${release.name}/${gpu ? "gpu" : "cpu"}.node.txt`);
  const files: readonly NodeFile[] = [
    lock.pins,
    text(`${LIBRARY}/uv.txt`, packageFile("locks/tools/uv.node.txt")),
    ...daskConfig(cluster, spillLimit),
    text("/etc/sysctl.d/90-dask.conf", kernelSettings()),
    copy("base/dask-node.service", UNITS),
    script("base/bootstrap"),
    copy("base/functions", LIBRARY),
    copy("base/instance", LIBRARY),
    ...[...bake.flat(), ...boot].map((phase) => script(SCRIPTS[phase])),
    ...(gpu ? [copy("cuda-nvidia/nvidia-persistenced.conf", LIBRARY)] : []),
    ...particular.files,
    lock.digests,
  ];
  const spec = { ...particular, bake, packages, settings, files };
  const keyed = { ...settings, BAKE_KEY: bakeKey(spec) };
  return { ...spec, boot, settings: keyed, files: [environmentFile(ENVIRONMENT, keyed), ...files] };
}

function kernelSettings(): string {
  const { from, to } = PORTS.ephemeral;
  return renderTemplate("cloud-init/base/90-dask.conf", { FROM: String(from), TO: String(to) });
}
