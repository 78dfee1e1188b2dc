import { join } from "node:path";
import { z } from "zod";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { type AutoscalerSettings, autoscalerSettings } from "../../node/autoscaler";
import { autoscalerPort } from "../addresses";
import { readJson } from "../files";
import type { LocalPaths } from "../paths";
import { LOOPBACK, type LocalPorts } from "../ports";
import type { LocalPool } from "./pools";
import { configDirectory, type Program, threadsOfEach } from "./programs";
import { pythonModule } from "./python-module";
import { SOCKET_NAME } from "./supervisor";

/** Name of the autoscaler's program. */
const NAME = "dask-autoscaler";

/** Name of the file with its settings, in its configuration directory. */
const SETTINGS_FILE = "autoscaler.json";

/** Seconds after which it counts as started: it reads its settings at once. */
const START_SECONDS = 1;

/** Sizes of the pools in the settings of a running autoscaler. */
const SIZES = z.object({
  pools: z.array(z.object({ name: z.string(), minSize: z.number(), maxSize: z.number() })),
});

/**
 * Returns the autoscaler as a program of the supervisor, whose programs are its nodes; `undefined` if the definition has none.
 * It does not start with the supervisor, because it would scale during the start of the cluster.
 *
 * @param cpus CPUs of this computer
 */
export function autoscalerProgram(
  cluster: ResolvedCluster,
  pools: readonly LocalPool[],
  cpus: number,
  paths: LocalPaths,
  ports: LocalPorts,
): Program | undefined {
  const { autoscaling } = cluster;
  if (autoscaling === undefined) return undefined;
  const settings = autoscalerSettings(cluster, autoscaling, {
    scheduler: `http://${LOOPBACK}:${ports.dashboard}`,
    metrics: `${LOOPBACK}:${autoscalerPort(ports)}`,
    capacity: { kind: "local", socket: join(paths.root, SOCKET_NAME) },
    pools: pools.map((local) => ({
      pool: local.pool,
      workers: local.workers,
      threads: local.pool.threads ?? threadsOfEach(pools, cpus),
      minSize: minNodes(local),
      maxSize: local.nodes,
    })),
  });
  const { argv, env } = pythonModule(join(paths.environment, "bin", "python"), "autoscaler");
  return {
    name: NAME,
    argv: [...argv, join(configDirectory(NAME, paths), SETTINGS_FILE)],
    environment: env,
    config: { [SETTINGS_FILE]: `${JSON.stringify(settings, null, 2)}\n` },
    autostart: false,
    startSeconds: START_SECONDS,
  };
}

/** Least number of nodes of a pool: that of the definition, if this computer can run so many. */
export function minNodes({ pool, nodes }: LocalPool): number {
  return Math.min(pool.minSize, nodes);
}

/** Returns a sentence for each pool that the autoscaler of a running cluster scales. */
export function scalingSentences(paths: LocalPaths): readonly string[] {
  const found = SIZES.safeParse(readJson(join(configDirectory(NAME, paths), SETTINGS_FILE)));
  const pools: readonly Pick<AutoscalerSettings["pools"][number], "name" | "minSize" | "maxSize">[] =
    found.data?.pools ?? [];
  return pools
    .filter(({ minSize, maxSize }) => minSize < maxSize)
    .map(
      ({ name, minSize, maxSize }) =>
        `Pool ${name} scales from ${minSize} to ${maxSize} ${maxSize === 1 ? "node" : "nodes"} with the work.`,
    );
}
