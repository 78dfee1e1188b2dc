import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { Construct } from "constructs";
import type { Cluster, Pool } from "../cluster/cluster";
import type { ClusterSecurity } from "./cluster-security";
import type { ClusterNetwork } from "./network";
import type { NodeRole } from "./node-role";
import { NodeTemplate } from "./node-template";
import type { PrivateZone } from "./private-zone";
import type { Scheduler } from "./scheduler";
import { machineName, machineTags } from "./tags";

/** Minutes that Terraform's AWS provider waits for capacity when it is not told otherwise. */
const WAIT_FOR_CAPACITY_MINUTES = 10;

/** Seconds from a machine's launch until its workers compute, with room for a driver that has to be installed. */
const WARM_UP = 300;

/** Properties of a `WorkerPool`. */
export interface WorkerPoolProps {
  /** Cluster that the pool belongs to. */
  readonly cluster: Cluster;
  /** The pool as the definition has it. */
  readonly pool: Pool;
  /** Network of the machines; they spread over its private subnets. */
  readonly network: ClusterNetwork;
  /** Security of the cluster. */
  readonly security: ClusterSecurity;
  /** Role of the machines. */
  readonly role: NodeRole;
  /** Scheduler that the workers work for. */
  readonly scheduler: Scheduler;
  /** Zone that names the scheduler. */
  readonly zone: PrivateZone;
  /**
   * Minutes that a deployment waits for the pool's machines; 0 waits for none.
   *
   * @default 10
   */
  readonly waitForCapacityMinutes?: number;
}

/**
 * A pool of workers: as many machines as its size says, of whichever of its instance types AWS has, on demand and
 * spot in the shares of the definition. A change of what the machines are made from rolls the pool, half of it at a
 * time; so does a new scheduler, which knows nothing of the old one's workers.
 *
 * @throws Error if `waitForCapacityMinutes` is not a whole number from 0
 */
export class WorkerPool extends Construct {
  /** The pool as the definition has it. */
  readonly pool: Pool;
  /** Name of the autoscaling group. */
  readonly groupName: string;

  constructor(scope: Construct, id: string, props: WorkerPoolProps) {
    super(scope, id);
    const { cluster, pool, network, security, role, scheduler, zone } = props;
    const { waitForCapacityMinutes = WAIT_FOR_CAPACITY_MINUTES } = props;
    if (!Number.isInteger(waitForCapacityMinutes) || waitForCapacityMinutes < 0)
      throw new Error(
        `waitForCapacityMinutes: given ${waitForCapacityMinutes}; allowed: a whole number from 0; remedy: give the minutes that a deployment waits for the pool ${pool.name}, or 0 to wait for none`,
      );
    this.pool = pool;

    const template = new NodeTemplate(this, "template", { cluster, pool, security, role });
    const group = new AutoscalingGroup(this, "Resource", {
      name: machineName(cluster, pool),
      minSize: pool.minSize,
      maxSize: pool.maxSize,
      desiredCapacity: pool.desiredSize,
      vpcZoneIdentifier: [...network.privateSubnetIds],
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandAllocationStrategy: "prioritized",
          onDemandBaseCapacity: pool.onDemandBase,
          onDemandPercentageAboveBaseCapacity: 100 - pool.spotPercentage,
          spotAllocationStrategy: "price-capacity-optimized",
        },
        launchTemplate: {
          launchTemplateSpecification: {
            launchTemplateId: template.templateId,
            version: template.latestVersion,
          },
          override: pool.instanceTypes.map((instanceType) => ({ instanceType })),
        },
      },
      capacityRebalance: true,
      healthCheckType: "EC2",
      healthCheckGracePeriod: WARM_UP,
      waitForCapacityTimeout: `${waitForCapacityMinutes}m`,
      instanceRefresh: {
        strategy: "Rolling",
        // Without skipMatching: after a new scheduler the template is the same, and every machine is to go.
        preferences: { minHealthyPercentage: 50, instanceWarmup: String(WARM_UP) },
        triggers: ["tag"],
      },
      tag: Object.entries({ ...machineTags(cluster, pool), "dask:scheduler": scheduler.generation }).map(
        ([key, value]) => ({ key, value, propagateAtLaunch: true }),
      ),
      // After the first deployment the size belongs to whoever scales the pool.
      lifecycle: { ignoreChanges: ["desired_capacity"] },
      // The record waits for the scheduler, and the scheduler for every rule and the way out.
      dependsOn: [zone.record],
    });
    this.groupName = group.name;
  }
}
