import type { Cluster, Pool } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { cudaEnvironment, cudaSettings } from "./cuda";
import { daskConfig } from "./dask-config";
import { exactPython, MINIFORGE } from "./miniforge";
import { copy, environmentFile, LIBRARY, script, text, UNITS } from "./node-files";
import { nodeSite } from "./node-site";
import type { NodeFile, NodeSpec, Phase } from "./node-spec";
import { packageFile } from "./package-file";
import { POOL_SEPARATOR, schedulerService, workerService } from "./services";
import { commandLine, systemdUnit } from "./systemd-unit";
import { renderTemplate } from "./template";

/** Seconds to move a stopping worker's data: with the 20 s of Dask's own end, within a spot notice's 120 s. */
const DRAIN_SECONDS = 75;

/** Seconds that systemd gives the drain, and then the processes, before it kills them. */
const STOP_SECONDS = 100;

/** Seconds until the scheduler answers on its own machine. */
const SCHEDULER_SECONDS = 180;

/** Seconds until a machine's workers are registered: their scheduler starts with them and may still be installing. */
const WORKER_SECONDS = 1200;

/** The scheduler's machine. In a cluster with UCX it has a GPU and the workers' packages: it speaks `ucx://` too. */
export function schedulerNode(cluster: Cluster): NodeSpec {
  const service = schedulerService(cluster, nodeSite(cluster));
  return assemble(cluster, cluster.ucx, false, {
    role: "scheduler",
    title: `Scheduler of ${cluster.name}`,
    packages: [],
    service,
    settings: {
      MACHINE_UNITS: "",
      DASHBOARD_PORT: String(PORTS.dashboard.from),
      JOIN_SECONDS: String(SCHEDULER_SECONDS),
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
    `${site.bin}/python`,
    `${LIBRARY}/drain.py`,
    site.schedulerAddress,
    `${prefix}\${DASK_HOST}`,
  ];
  const unit = systemdUnit(service, {
    SCRATCH: site.scratch,
    EXEC_STOP: commandLine([...drain, String(DRAIN_SECONDS)]),
    STOP_SECONDS: String(STOP_SECONDS),
  });
  return assemble(cluster, gpu, pool.spill.limit, {
    role: gpu ? "gpu-worker" : "cpu-worker",
    title: `Worker of ${cluster.name}, pool ${pool.name}`,
    packages: pool.spill.on === "instance-store" ? ["mdadm", "xfsprogs"] : [],
    service,
    settings: {
      MACHINE_UNITS: "dask-machine.service dask-scratch.service",
      SPILL_ON: pool.spill.on,
      WORKER_PROCESSES: pool.kind === "cpu" ? String(pool.processes) : "gpus",
      WORKER_PREFIX: prefix,
      SCHEDULER: site.schedulerAddress,
      JOIN_SECONDS: String(WORKER_SECONDS),
    },
    files: [
      text(`${UNITS}/${service.name}.service`, unit),
      copy("base/dask-machine.service", UNITS),
      script("base/machine-facts"),
      copy("base/dask-scratch.service", UNITS),
      script("base/scratch"),
      copy("dask/drain.py", LIBRARY),
      copy("dask/registered.py", LIBRARY),
    ],
  });
}

/** Adds what every machine has to what is particular to one. */
function assemble(
  cluster: Cluster,
  gpu: boolean,
  spillLimit: string | false,
  particular: Omit<NodeSpec, "phases">,
): NodeSpec {
  const { release } = cluster;
  const phases: readonly Phase[] = gpu ? ["base", "conda", "cuda-nvidia", "dask"] : ["base", "conda", "dask"];
  const packages = ["ca-certificates", "curl", ...particular.packages];
  const settings = {
    PHASES: phases.join(" "),
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
  const files: readonly NodeFile[] = [
    environmentFile("/etc/dask/node.env", settings),
    ...daskConfig(cluster, spillLimit),
    text("/etc/sysctl.d/90-dask.conf", kernelSettings()),
    copy("base/dask-node.service", UNITS),
    script("base/bootstrap"),
    copy("base/functions", LIBRARY),
    ...phases.map((phase) => script(`${phase}/${phase}`)),
    ...(gpu ? [copy("cuda-nvidia/nvidia-persistenced.conf", LIBRARY)] : []),
    ...particular.files,
    text(`${LIBRARY}/uv.txt`, packageFile("locks/tools/uv.node.txt")),
    text(`${LIBRARY}/lock.txt`, packageFile(`locks/${release.name}/${gpu ? "gpu" : "cpu"}.node.txt`)),
  ];
  return { ...particular, phases, packages, settings, files };
}

function kernelSettings(): string {
  const { from, to } = PORTS.ephemeral;
  return renderTemplate("cloud-init/base/90-dask.conf", { FROM: String(from), TO: String(to) });
}
