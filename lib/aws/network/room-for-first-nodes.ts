import { DataAwsInstances } from "@cdktf/provider-aws/lib/data-aws-instances";
import type { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { type ClusterNetwork, poolSubnetIds, schedulerSubnetId } from "./cluster-network";
import type { Condition } from "./subnet-conditions";

/** Cluster, its network and the data sources of the subnets. */
export interface RoomForFirstNodesProps {
  /** Cluster with the numbers of nodes. */
  readonly cluster: ResolvedCluster;
  /** Network of the cluster. */
  readonly network: ClusterNetwork;
  /** Subnets by id. */
  readonly subnets: ReadonlyMap<string, DataAwsSubnet>;
  /** Path in the definition of each subnet, by id. */
  readonly paths: ReadonlyMap<string, string>;
}

/**
 * Data source with the nodes of the cluster. A first plan, without nodes, fails if the subnets have too few free addresses for
 * the nodes that the deployment starts. Later plans do not fail: the nodes themselves use addresses then.
 */
export class RoomForFirstNodes extends Construct {
  constructor(scope: Construct, id: string, { cluster, network, subnets, paths }: RoomForFirstNodesProps) {
    super(scope, id);
    const room = (path: string, ids: readonly string[], nodes: number, what: string): Condition => {
      const free = ids.map((id) => `${subnets.get(id)?.fqn}.available_ip_address_count`);
      return {
        condition: `\${length(self.ids) > 0 || sum([${free.join(", ")}]) >= ${nodes}}`,
        errorMessage: `${path}: got \${sum([${free.join(", ")}])} free addresses in ${ids.join(", ")}, expected at least ${nodes} for ${what}. Hint: name other subnets, or free addresses`,
      };
    };
    const ofPools = cluster.pools.flatMap((pool, index) => {
      const path = pool.subnetIds ? `pools[${index}].subnetIds` : "network.privateSubnetIds";
      const what = `the first nodes of the pool ${pool.name}`;
      return pool.desiredSize > 0
        ? [room(path, poolSubnetIds(cluster, network, pool), pool.desiredSize, what)]
        : [];
    });
    const schedulerSubnet = schedulerSubnetId(cluster, network);
    new DataAwsInstances(this, "nodes", {
      filter: [{ name: "tag:dask:cluster", values: [cluster.name] }],
      instanceStateNames: ["pending", "running", "stopping", "stopped", "shutting-down"],
      lifecycle: {
        postcondition: [
          room(paths.get(schedulerSubnet) ?? "scheduler.subnetId", [schedulerSubnet], 1, "the scheduler"),
          ...ofPools,
        ],
      },
    });
  }
}
