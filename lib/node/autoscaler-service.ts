import type { Autoscaling } from "../config/autoscaling";
import { PORTS } from "../config/ports";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { type AutoscalerSettings, autoscalerSettings, poolsOnAws } from "./autoscaler";
import { resourceName } from "./names";
import { httpPort } from "./node-context";
import { copy, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import { pythonSources } from "./python-files";
import type { Service } from "./service";

/**
 * Key of the object in the artifact bucket with the settings of the autoscaler. They are not in a bundle: sizes of pools change,
 * and another bundle of the scheduler would replace the scheduler.
 */
export function autoscalerKey({ name }: Pick<ResolvedCluster, "name">): string {
  return `bundles/${name}.autoscaler.json`;
}

/**
 * Returns the settings of the autoscaler on the scheduler's node.
 *
 * @param alerts ARN of the topic with alerts, if the cluster has monitoring
 */
export function settingsOnAws(
  cluster: ResolvedCluster,
  autoscaling: Autoscaling,
  alerts?: string,
): AutoscalerSettings {
  return autoscalerSettings(cluster, autoscaling, {
    scheduler: `http://127.0.0.1:${httpPort(cluster)}`,
    metrics: `127.0.0.1:${PORTS.autoscaler.from}`,
    capacity: {
      kind: "aws",
      region: cluster.region,
      groups: Object.fromEntries(cluster.pools.map(({ name }) => [name, resourceName(cluster, name)])),
    },
    pools: poolsOnAws(cluster),
    ...(alerts === undefined ? {} : { alerts }),
  });
}

/** Part for local clusters, which imports what a node does not have. */
const LOCAL = "/capacity/local.py";

/** Returns what runs the autoscaler on the scheduler's node: a service that a drop-in starts with the scheduler. */
export function autoscalerFeature(cluster: ResolvedCluster, scheduler: Service): NodeFeature {
  return {
    packages: [],
    steps: [],
    settings: { AUTOSCALER: autoscalerKey(cluster) },
    files: [
      ...pythonSources("cdktf_dask/autoscaler").filter(({ path }) => !path.endsWith(LOCAL)),
      copy("autoscaler/dask-autoscaler.service", UNITS),
      copy("autoscaler/dask-autoscaler.conf", `${UNITS}/${scheduler.name}.service.d`),
    ],
  };
}
