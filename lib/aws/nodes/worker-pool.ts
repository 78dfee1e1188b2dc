import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { Construct } from "constructs";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import type { NodePlan } from "../../node/node-plan";
import type { AutoscalingRole } from "../account/autoscaling-role";
import { nodeTags } from "../account/tags";
import type { BundleObject } from "../artifacts/bundle-object";
import type { EncryptionKey } from "../encryption/encryption-key";
import type { ClusterNetwork } from "../network/cluster-network";
import type { ClusterSecurityGroups } from "../network/cluster-security-groups";
import type { PoolRole } from "../roles/pool-role";
import { initialLifecycleHooks, LAUNCH_SECONDS, LaunchHook, onDemandBase } from "./launch-hook";
import type { PrivateZone } from "./private-zone";
import type { Scheduler } from "./scheduler";
import type { SchedulerReadiness } from "./scheduler-readiness";
import { WorkerLaunchTemplate } from "./worker-launch-template";

/** As long as a machine may take to become a member. */
const WAIT_FOR_CAPACITY_MINUTES = Math.ceil(LAUNCH_SECONDS / 60);

/** Decides what the instances of a pool are made from, and what they wait for. */
export interface WorkerPoolProps {
  /** Cluster that the pool belongs to. */
  readonly cluster: ResolvedCluster;
  /** The pool as the definition has it. */
  readonly pool: Pool;
  /** Plan of the nodes of the pool. */
  readonly node: NodePlan;
  /** Network of the machines; they spread over its private subnets. */
  readonly network: ClusterNetwork;
  /** Security of the cluster. */
  readonly securityGroups: ClusterSecurityGroups;
  /** Role of the machines. */
  readonly role: PoolRole;
  /** Role that launches them. */
  readonly autoscaling: AutoscalingRole;
  /** Key of the cluster. */
  readonly key: EncryptionKey;
  /** Bundle that the instances download. */
  readonly bundle: BundleObject;
  /** Scheduler that the workers work for. */
  readonly scheduler: Scheduler;
  /** Zone that names the scheduler. */
  readonly zone: PrivateZone;
  /**
   * Readiness of the scheduler: without a scheduler, instances would be billed and fail.
   *
   * @default - the pool is created while the scheduler starts
   */
  readonly readiness?: SchedulerReadiness;
  /**
   * Minutes that a deployment waits until the workers of the pool's first machines are registered; 0 waits for none.
   *
   * @default 45
   */
  readonly waitForCapacityMinutes?: number;
}

/**
 * A pool of workers: as many machines as its size says, of whichever of its instance types AWS has, on demand and
 * spot in the shares of the definition. A machine is in service once its workers are registered at the scheduler (see
 * `LaunchHook`). A change of what the machines are made from rolls the pool, half of it at a time; so do other zones, and a
 * new scheduler, which knows nothing of the old one's workers.
 *
 * Terraform starts that instance refresh and does not wait for its end: `aws autoscaling describe-instance-refreshes`
 * shows it. Another deployment that starts a refresh meanwhile cancels the first; where an instance is just starting, that
 * takes longer than the 15 minutes that the provider waits, and the deployment has to be repeated.
 *
 * @example
 * const { cpu } = dask.pools;
 * cpu?.addSecurityGroup("sg-0123456789abcdef0");
 * cpu?.role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-data/*" });
 *
 * @throws Error if `waitForCapacityMinutes` is not a whole number from 0
 */
export class WorkerPool extends Construct {
  /** The pool as the definition has it. */
  readonly pool: Pool;
  /** Name of the autoscaling group. */
  readonly groupName: string;
  /** Role of the instances: what they, and the tasks on them, may do in AWS. */
  readonly role: PoolRole;
  /** Launch template of the instances. */
  readonly template: WorkerLaunchTemplate;

  constructor(scope: Construct, id: string, props: WorkerPoolProps) {
    super(scope, id);
    const { cluster, pool, node, network, securityGroups, role, autoscaling, key, bundle } = props;
    const { scheduler, zone, readiness } = props;
    const { waitForCapacityMinutes = WAIT_FOR_CAPACITY_MINUTES } = props;
    if (!Number.isInteger(waitForCapacityMinutes) || waitForCapacityMinutes < 0)
      throw new Error(
        `waitForCapacityMinutes: got ${waitForCapacityMinutes}, expected a whole number from 0. Hint: give the minutes that a deployment waits for the pool ${pool.name}, or 0 to wait for none`,
      );
    this.pool = pool;
    this.role = role;

    this.template = new WorkerLaunchTemplate(this, "template", {
      cluster,
      pool,
      node,
      securityGroups,
      role,
      key,
    });
    const group = new AutoscalingGroup(this, "Resource", {
      name: node.name,
      minSize: pool.minSize,
      maxSize: pool.maxSize,
      desiredCapacity: pool.desiredSize,
      serviceLinkedRoleArn: autoscaling.arn,
      vpcZoneIdentifier: [...network.privateSubnetIds],
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandAllocationStrategy: "prioritized",
          onDemandBaseCapacity: onDemandBase(pool),
          onDemandPercentageAboveBaseCapacity: 100 - pool.spotPercentage,
          spotAllocationStrategy: "price-capacity-optimized",
        },
        launchTemplate: {
          launchTemplateSpecification: {
            launchTemplateId: this.template.templateId,
            version: this.template.latestVersion,
          },
          override: node.instanceTypes.map((instanceType) => ({ instanceType })),
        },
      },
      capacityRebalance: true,
      // Without these failures, the wait goes on with the next zone or type; with them, Terraform taints the group and
      // replaces it, with all of its instances (terraform-provider-aws #29753).
      ignoreFailedScalingActivities: true,
      // Rebalancing terminates busy instances to level the zones. Without it, launches still prefer the emptier zone, and
      // instance refreshes go on (EC2 Auto Scaling User Guide, "How suspended processes affect other processes").
      suspendedProcesses: ["AZRebalance"],
      ...initialLifecycleHooks(pool),
      // A machine in service is a member already: its health counts, and the next one may go.
      healthCheckType: "EC2",
      healthCheckGracePeriod: 0,
      // A pool that goes does not wait for machines that have not answered the hook.
      forceDelete: true,
      waitForCapacityTimeout: `${waitForCapacityMinutes}m`,
      instanceRefresh: {
        strategy: "Rolling",
        // Without skipMatching: after a new scheduler the template is the same, and every instance is replaced.
        preferences: { minHealthyPercentage: 50, instanceWarmup: "0" },
        // A group without AZRebalance keeps the instances of a zone that it no longer has, and so their subnet.
        triggers: ["tag", "vpc_zone_identifier"],
      },
      tag: Object.entries({ ...nodeTags(cluster, node), "dask:scheduler": scheduler.generation }).map(
        ([key, value]) => ({ key, value, propagateAtLaunch: true }),
      ),
      // After the first deployment the size belongs to whoever scales the pool, and a hook to `LaunchHook`: Terraform
      // would replace the whole group for it.
      lifecycle: { ignoreChanges: ["desired_capacity", "initial_lifecycle_hook"] },
      // The record waits for the scheduler, and the scheduler for every rule and the way out.
      dependsOn: [zone.record, ...(readiness ? [readiness.stack] : []), ...(key.grants ?? []), bundle.object],
    });
    role.addDependent(group);
    this.groupName = group.name;
    new LaunchHook(this, "launch-hook", { groupName: group.name });
  }

  /**
   * Adds a security group to the instances, next to that of the cluster's workers: for access to a file system or a database, for
   * example. AWS allows 5 groups for each instance by default. The change rolls the pool.
   */
  addSecurityGroup(securityGroupId: string): void {
    this.template.addSecurityGroup(securityGroupId);
  }
}
