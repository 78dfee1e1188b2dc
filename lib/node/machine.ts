import type { Cluster, Pool } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { bakeKey } from "./bake";
import { certificatesPart } from "./certificates";
import { cudaEnvironment, cudaPhases, cudaSettings } from "./cuda";
import { dashboardPart } from "./dashboard";
import { daskConfig } from "./dask-config";
import {
  ANSWER_SECONDS,
  BOOT_SECONDS,
  groupName,
  HOOK_SECONDS,
  JOIN_SECONDS,
  LAUNCH_HOOK,
  RETRY_SECONDS,
} from "./lifecycle";
import { lockfileOf } from "./lockfile";
import { exactPython, MINIFORGE } from "./miniforge";
import { copy, ENVIRONMENT, environmentFile, LIBRARY, script, text, UNITS } from "./node-files";
import type { NodeFile, NodePart, NodePlan, Phase } from "./node-plan";
import { httpPort, nodeSite } from "./node-site";
import { packageFile } from "./package-file";
import { POOL_SEPARATOR, schedulerService, workerService } from "./services";
import { signalPart } from "./signal";
import { spotPart } from "./spot";
import { commandLine, systemdUnit } from "./systemd-unit";
import { renderTemplate } from "./template";

/** Script of each phase that every machine may have, below `cloud-init/`; a part brings those of its own. */
const SCRIPTS: Readonly<Partial<Record<Phase, string>>> = {
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
export function schedulerNode(cluster: Cluster): NodePlan {
  const service = schedulerService(cluster, nodeSite(cluster));
  return assemble(cluster, cluster.ucx, [cluster.scheduler.instanceType], false, {
    role: "scheduler",
    title: `Scheduler of ${cluster.name}`,
    packages: [],
    service,
    settings: {
      GROUP: "",
      MACHINE_UNIT: "",
      HTTP_PORT: String(httpPort(cluster)),
      JOIN_SECONDS: String(ANSWER_SECONDS),
    },
    files: [text(`${UNITS}/${service.name}.service`, systemdUnit(service))],
    parts: [
      ...(cluster.tls ? [certificatesPart(cluster, "scheduler"), dashboardPart(cluster)] : []),
      signalPart(cluster),
    ],
  });
}

/** A machine of a pool. */
export function workerNode(cluster: Cluster, pool: Pool): NodePlan {
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
    SCHEDULER_HOST: cluster.scheduler.hostname,
    EXEC_STOP: commandLine(drain),
    STOP_SECONDS: String(STOP_SECONDS),
  });
  return assemble(cluster, gpu, pool.instanceTypes, pool.spill.limit, {
    role: gpu ? "gpu-worker" : "cpu-worker",
    title: `Worker of ${cluster.name}, pool ${pool.name}`,
    packages: pool.spill.on === "instance-store" ? ["mdadm", "xfsprogs"] : [],
    service,
    settings: {
      GROUP: groupName(cluster, pool),
      SIGNAL: "",
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
    parts: [
      ...(cluster.tls ? [certificatesPart(cluster, "worker")] : []),
      ...(pool.spotPercentage > 0 ? [spotPart(service)] : []),
    ],
  });
}

/** What is particular to a machine. */
interface Particular extends Omit<NodePlan, "bake" | "boot" | "lockfile"> {
  readonly parts: readonly NodePart[];
}

/** Adds what every machine has to what is particular to one. */
function assemble(
  cluster: Cluster,
  gpu: boolean,
  instanceTypes: readonly string[],
  spillLimit: string | false,
  { parts, ...particular }: Particular,
): NodePlan {
  const { release } = cluster;
  // Packages come one after the other; conda needs no package manager.
  const bake: readonly (readonly Phase[])[] = [["base", ...(gpu ? cudaPhases(release.cuda) : [])], ["conda"]];
  const boot: readonly Phase[] = ["configuration", ...parts.flatMap(({ phases }) => phases), "dask"];
  const packages = [
    ...["ca-certificates", "curl", ...particular.packages],
    ...parts.flatMap((part) => part.packages),
  ];
  const lockfile = lockfileOf(cluster, gpu);
  const settings = {
    BAKE: bake.map((lane) => lane.join(",")).join(" "),
    BOOT: boot.join(","),
    BOOT_SECONDS: String(BOOT_SECONDS),
    HOOK: LAUNCH_HOOK,
    HOOK_SECONDS: String(HOOK_SECONDS),
    RETRY_SECONDS: String(RETRY_SECONDS),
    PACKAGES: packages.join(" "),
    SCRATCH: nodeSite(cluster).scratch,
    DASK: release.dask,
    PYTHON: exactPython(release),
    LOCK_PARAMETER: lockfile.name,
    LOCK_SHA256: lockfile.sha256,
    MINIFORGE_URL: MINIFORGE.url,
    MINIFORGE_SHA256: MINIFORGE.sha256,
    SERVICE: particular.service.name,
    ...(gpu ? cudaSettings(release.driverBranch, release.cuda, instanceTypes) : {}),
    ...particular.settings,
    ...Object.assign({}, ...parts.map((part) => part.settings)),
  };
  const files: readonly NodeFile[] = [
    text(`${LIBRARY}/uv.txt`, packageFile("locks/tools/uv.node.txt")),
    ...daskConfig(cluster, spillLimit),
    text("/etc/sysctl.d/90-dask.conf", kernelSettings()),
    text("/etc/needrestart/conf.d/dask.conf", packageFile("cloud-init/base/needrestart.conf")),
    copy("base/dask-node.service", UNITS),
    copy("base/hardening.conf", `${UNITS}/dask-.service.d`),
    copy("dask/sandbox.conf", `${UNITS}/${particular.service.name}.service.d`),
    script("base/bootstrap"),
    copy("base/functions", LIBRARY),
    copy("base/instance", LIBRARY),
    ...[...bake.flat(), ...boot].flatMap((phase) => SCRIPTS[phase] ?? []).map(script),
    ...parts.flatMap((part) => part.files),
    ...(gpu ? [copy("cuda-nvidia/nvidia-persistenced.conf", LIBRARY)] : []),
    ...particular.files,
  ];
  const spec = { ...particular, bake, packages, settings, lockfile, files };
  const keyed = { ...settings, BAKE_KEY: bakeKey(spec) };
  return { ...spec, boot, settings: keyed, files: [environmentFile(ENVIRONMENT, keyed), ...files] };
}

function kernelSettings(): string {
  const { from, to } = PORTS.ephemeral;
  return renderTemplate("cloud-init/base/90-dask.conf", { FROM: String(from), TO: String(to) });
}
