import { architectureOf } from "../config/architecture";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";
import { ValidationError } from "../config/validation-error";
import { autoscalerFeature } from "./autoscaler-service";
import { buildNode } from "./build-node";
import { certificatesFeature } from "./certificates";
import { cudaEnvironment } from "./cuda";
import { dashboardFeature } from "./dashboard";
import { type Expectation, minExpectation } from "./expectation";
import {
  ANSWER_SECONDS,
  HOOK_SECONDS,
  JOIN_SECONDS,
  LAUNCH_HOOK,
  STOP_DRAIN_SECONDS,
  STOP_SECONDS,
} from "./lifecycle";
import { monitoringFeature } from "./monitoring/monitoring";
import { resourceName } from "./names";
import { httpPort, nodeContext } from "./node-context";
import { copy, script, text, UNITS } from "./node-files";
import type { NodePlan } from "./node-plan";
import { type Packages, readPackages } from "./packages/read-packages";
import { moduleCommand } from "./python-files";
import type { ServiceContext } from "./service";
import { POOL_SEPARATOR, schedulerService, workerService } from "./services";
import { type NodeSetup, readSetupScripts } from "./setup-scripts";
import { signalFeature } from "./signal";
import { smokeTestFeature } from "./smoke-test";
import { statusPageFeature } from "./status-page";
import { commandLine, systemdUnit } from "./systemd-unit";
import { watchFeature } from "./watch";

/** A pool, and the plan of each of its nodes. */
export interface PoolPlan {
  /** Pool of the resolved cluster. */
  readonly pool: Pool;
  /** Plan of each node of the pool. */
  readonly node: NodePlan;
}

/** The nodes of a cluster. */
export interface ClusterPlan {
  /** Address of the scheduler for workers and clients, such as `tls://scheduler.production.internal:8786`. */
  readonly schedulerAddress: string;
  /** What the smoke test expects of the cluster after a deployment. */
  readonly expectation: Expectation;
  /** Plan of the scheduler's node. */
  readonly scheduler: NodePlan;
  /** Pools in the order of the definition. */
  readonly pools: readonly PoolPlan[];
}

/**
 * Plans the nodes of a cluster: everything that is known of them before a deployment. Call it once for each cluster, and
 * pass the plans on. It reads the files that the definition names: scripts of `nodeSetup`, lockfiles and wheels.
 *
 * @example
 * const { scheduler, pools } = planNodes(cluster);
 * for (const node of [scheduler, ...pools.map(({ node }) => node)]) console.log(node.name, node.bundle.sha256);
 *
 * @throws ValidationError for scripts of `nodeSetup` that are missing or cannot run, for wheels that nodes cannot install, and
 * for lockfiles that are missing or are not those of the definition
 */
export function planNodes(cluster: ResolvedCluster): ClusterPlan {
  const context = nodeContext(cluster);
  const setup = readSetupScripts(cluster);
  const packages = readPackages(cluster);
  const issues = [...setup.issues, ...packages.issues];
  if (issues.length > 0) throw new ValidationError(cluster.name, issues);
  return {
    schedulerAddress: context.schedulerAddress,
    expectation: minExpectation(cluster),
    scheduler: schedulerNode(cluster, context, packages, setup.scheduler),
    pools: setup.pools.map(({ pool, setup }) => ({
      pool,
      node: workerNode(cluster, pool, context, packages, setup),
    })),
  };
}

/** With UCX the scheduler has a GPU and the packages of GPU workers, because it uses `ucx://` too. */
function schedulerNode(
  cluster: ResolvedCluster,
  context: ServiceContext,
  python: Packages,
  setup: NodeSetup,
): NodePlan {
  const { instanceType, diskGiB, image } = cluster.scheduler;
  const service = schedulerService(cluster, context);
  return buildNode(cluster, context, {
    name: resourceName(cluster, "scheduler"),
    role: "scheduler",
    title: `Scheduler of ${cluster.name}`,
    tags: { "dask:cluster": cluster.name, "dask:role": "scheduler" },
    gpu: cluster.ucx,
    instanceTypes: [instanceType],
    architecture: architectureOf(cluster.scheduler),
    diskGiB,
    image,
    spillLimit: false,
    setup,
    python,
    packages: [],
    service,
    settings: {
      GROUP: "",
      INSTANCE_UNIT: "",
      HTTP_PORT: String(httpPort(cluster)),
      JOIN_SECONDS: String(ANSWER_SECONDS),
    },
    files: [text(`${UNITS}/${service.name}.service`, systemdUnit(service))],
    features: [
      ...(cluster.tls
        ? [certificatesFeature(cluster, "ca"), dashboardFeature(cluster), statusPageFeature(cluster)]
        : []),
      ...(cluster.monitoring ? [monitoringFeature(cluster, cluster.monitoring)] : []),
      ...(cluster.autoscaling ? [autoscalerFeature(cluster, service)] : []),
      signalFeature(cluster),
      smokeTestFeature(cluster, context.schedulerAddress),
    ],
  });
}

function workerNode(
  cluster: ResolvedCluster,
  pool: Pool,
  context: ServiceContext,
  python: Packages,
  setup: NodeSetup,
): NodePlan {
  const name = resourceName(cluster, pool.name);
  const gpu = pool.kind === "gpu";
  const bare = workerService(cluster, pool, context);
  const service = gpu
    ? { ...bare, environment: { ...bare.environment, ...cudaEnvironment(cluster.release.cuda) } }
    : bare;
  const prefix = `${pool.name}${POOL_SEPARATOR}`;
  const drain = (seconds: string) =>
    moduleCommand("drain", context.schedulerAddress, `${prefix}\${DASK_HOST}`, seconds);
  const unit = systemdUnit(service, {
    SCRATCH: context.scratch,
    SCHEDULER_HOST: cluster.scheduler.hostname,
    EXEC_STOP: commandLine(drain(String(STOP_DRAIN_SECONDS))),
    STOP_SECONDS: String(STOP_SECONDS),
  });
  return buildNode(cluster, context, {
    name,
    role: gpu ? "gpu-worker" : "cpu-worker",
    title: `Worker of ${cluster.name}, pool ${pool.name}`,
    tags: { "dask:cluster": cluster.name, "dask:role": "worker", "dask:pool": pool.name },
    gpu,
    instanceTypes: pool.instanceTypes,
    architecture: architectureOf(pool),
    diskGiB: pool.diskGiB,
    image: pool.image,
    spillLimit: pool.spill.limit,
    setup,
    python,
    packages: pool.spill.storage === "instance-store" ? ["mdadm", "xfsprogs"] : [],
    service,
    settings: {
      GROUP: name,
      HOOK: LAUNCH_HOOK,
      HOOK_SECONDS: String(HOOK_SECONDS),
      SIGNAL: "",
      INSTANCE_UNIT: "dask-instance.service",
      SPILL_STORAGE: pool.spill.storage,
      WORKER_PROCESSES: pool.kind === "cpu" ? String(pool.processes) : "gpus",
      WORKER_PREFIX: prefix,
      SCHEDULER: context.schedulerAddress,
      JOIN_SECONDS: String(JOIN_SECONDS),
    },
    files: [
      text(`${UNITS}/${service.name}.service`, unit),
      copy("base/dask-instance.service", UNITS),
      script("base/instance-facts.sh"),
      script("base/scratch.sh"),
    ],
    features: [
      ...(cluster.tls ? [certificatesFeature(cluster, "worker")] : []),
      watchFeature(service, pool.drainTimeout, drain),
    ],
  });
}
