import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { ClusterImages } from "./cluster-images";
import { ClusterSecurity } from "./cluster-security";
import { type ClusterNetwork, Network } from "./network";
import { NodeRole } from "./node-role";
import { PrivateZone } from "./private-zone";
import { Scheduler } from "./scheduler";
import { WorkerPool } from "./worker-pool";

/** Properties of a `DaskCluster`. */
export interface DaskClusterProps {
  /** What `defineCluster` made of a definition. */
  readonly cluster: Cluster;
  /**
   * Network of the machines.
   *
   * @default - a VPC of the cluster's own
   */
  readonly network?: ClusterNetwork;
  /**
   * Minutes that a deployment waits until the workers of each pool's first machines are registered; 0 waits for none.
   *
   * @default 45
   */
  readonly waitForCapacityMinutes?: number;
}

/**
 * A Dask cluster on AWS: a scheduler under a fixed name, and pools of workers that find it there. It works in any
 * stack that has the providers aws and null; `AwsStack` is such a stack, with state, tags and outputs.
 *
 * @throws Error if `network` has not one private subnet per zone of the definition
 */
export class DaskCluster extends Construct {
  /** What the cluster was made from. */
  readonly cluster: Cluster;
  /** Network of the machines. */
  readonly network: ClusterNetwork;
  /** Groups of the machines, for rules of your own. */
  readonly security: ClusterSecurity;
  /** Machine of the scheduler. */
  readonly scheduler: Scheduler;
  /** Pools of workers by name. */
  readonly pools: Readonly<Record<string, WorkerPool>>;
  /** What a client connects to from inside the VPC, such as `tcp://scheduler.production.internal:8786`. */
  readonly schedulerAddress: string;
  /** The dashboard as seen from inside the VPC. */
  readonly dashboardUrl: string;

  constructor(scope: Construct, id: string, props: DaskClusterProps) {
    super(scope, id);
    const { cluster, waitForCapacityMinutes } = props;
    const zones = cluster.network.zones.length;
    if (props.network && props.network.privateSubnetIds.length !== zones)
      throw new Error(
        `network.privateSubnetIds: given ${JSON.stringify(props.network.privateSubnetIds)}; allowed: ${zones}, one per zone of the definition; remedy: name the private subnets in the order of network.zones`,
      );
    this.cluster = cluster;
    this.network = props.network ?? new Network(this, "network", { cluster });
    this.security = new ClusterSecurity(this, "security", { cluster, network: this.network });

    const machines = {
      cluster,
      network: this.network,
      security: this.security,
      role: new NodeRole(this, "node-role", { cluster }),
      ...(cluster.bakedImages && {
        images: new ClusterImages(this, "images", { cluster, network: this.network }),
      }),
    };
    this.scheduler = new Scheduler(this, "scheduler", machines);
    const zone = new PrivateZone(this, "zone", {
      cluster,
      network: this.network,
      scheduler: this.scheduler,
    });
    const pools = new Construct(this, "pools");
    this.pools = Object.fromEntries(
      cluster.pools.map((pool) => [
        pool.name,
        new WorkerPool(pools, pool.name, {
          ...machines,
          pool,
          zone,
          scheduler: this.scheduler,
          ...(waitForCapacityMinutes === undefined ? {} : { waitForCapacityMinutes }),
        }),
      ]),
    );

    const { hostname } = cluster.scheduler;
    this.schedulerAddress = `${cluster.ucx ? "ucx" : "tcp"}://${hostname}:${PORTS.scheduler.from}`;
    this.dashboardUrl = `http://${hostname}:${PORTS.dashboard.from}/status`;
  }
}
