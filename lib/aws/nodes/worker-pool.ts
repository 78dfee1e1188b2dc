import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { Construct } from "constructs";
import type { Pool, ResolvedCluster } from "../../config/resolved-cluster";
import type { NodePlan } from "../../node/node-plan";
import type { AutoscalingRole } from "../account/autoscaling-role";
import { nodeTags } from "../account/tags";
import type { BundleObject } from "../artifacts/bundle-object";
import type { EncryptionKey } from "../encryption/encryption-key";
import { type ClusterNetwork, poolSubnetIds } from "../network/cluster-network";
import type { ClusterSecurityGroups } from "../network/cluster-security-groups";
import type { PoolRole } from "../roles/pool-role";
import { initialLifecycleHooks, LAUNCH_SECONDS, LaunchHook, onDemandBase } from "./launch-hook";
import type { PrivateZone } from "./private-zone";
import type { Scheduler } from "./scheduler";
import type { SchedulerReadiness } from "./scheduler-readiness";
import { TerminationHook } from "./termination-hook";
import { WorkerLaunchTemplate } from "./worker-launch-template";

/** Default of `waitForCapacityMinutes`: the timeout of the launch hook. */
const DEFAULT_WAIT_FOR_CAPACITY_MINUTES = Math.ceil(LAUNCH_SECONDS / 60);

/**
 * Metrics of a group in CloudWatch, every minute and free of charge (EC2 Auto Scaling User Guide, "Amazon CloudWatch metrics for
 * Amazon EC2 Auto Scaling").
 */
const GROUP_METRICS = [
  "GroupDesiredCapacity",
  "GroupInServiceInstances",
  "GroupMaxSize",
  "GroupMinSize",
  "GroupPendingInstances",
  "GroupTerminatingInstances",
];

/** Plan of a pool's nodes, what their instances use, and what they wait for. */
export interface WorkerPoolProps {
  /** Cluster of the pool. */
  readonly cluster: ResolvedCluster;
  /** Pool of the resolved cluster. */
  readonly pool: Pool;
  /** Plan of the nodes of the pool. */
  readonly node: NodePlan;
  /** Network of the instances, which are distributed over its private subnets, or over those of the pool. */
  readonly network: ClusterNetwork;
  /** Security groups of the cluster. */
  readonly securityGroups: ClusterSecurityGroups;
  /** Role of the instances. */
  readonly role: PoolRole;
  /** Service-linked role that launches the instances. */
  readonly autoscaling: AutoscalingRole;
  /** Key that encrypts the root volumes. */
  readonly key: EncryptionKey;
  /** Bundle that the instances download. */
  readonly bundle: BundleObject;
  /** Scheduler of the workers. */
  readonly scheduler: Scheduler;
  /**
   * Hosted zone with the record of the scheduler.
   *
   * @default - none: workers use the scheduler's address
   */
  readonly zone?: PrivateZone;
  /**
   * Readiness of the scheduler, for which the pool waits: without a scheduler, its instances would fail.
   *
   * @default - the pool is created while the scheduler boots
   */
  readonly readiness?: SchedulerReadiness;
  /**
   * Minutes that a deployment waits until the workers of the pool's first instances are registered; 0 does not wait.
   *
   * @default 45
   */
  readonly waitForCapacityMinutes?: number;
}

/**
 * Pool of workers: an Auto Scaling group with on-demand and spot instances of several types. An instance is in service
 * once its workers are registered with the scheduler (see `LaunchHook`), and ends once they are drained (see
 * `TerminationHook`). A changed launch template, other zones and a new scheduler start an instance refresh, which replaces at most half of the instances at a time.
 *
 * Terraform does not wait for the end of the refresh; `aws autoscaling describe-instance-refreshes` shows it. A
 * deployment that starts another refresh cancels it. If an instance is booting, that can take longer than the 15
 * minutes that the provider waits; repeat the deployment then.
 *
 * @example
 * const { cpu } = dask.pools;
 * cpu?.addSecurityGroup("sg-0123456789abcdef0");
 * cpu?.role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-data/*" });
 *
 * @throws Error if `waitForCapacityMinutes` is not a whole number from 0
 */
export class WorkerPool extends Construct {
  /** Pool of the resolved cluster. */
  readonly pool: Pool;
  /** Name of the Auto Scaling group. */
  readonly groupName: string;
  /** Role of the instances, and of the tasks on them. */
  readonly role: PoolRole;
  /** Launch template of the instances. */
  readonly template: WorkerLaunchTemplate;

  constructor(scope: Construct, id: string, props: WorkerPoolProps) {
    super(scope, id);
    const { cluster, pool, node, network, securityGroups, role, autoscaling, key, bundle } = props;
    const { scheduler, zone, readiness } = props;
    const { waitForCapacityMinutes = DEFAULT_WAIT_FOR_CAPACITY_MINUTES } = props;
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
      // The autoscaler keeps minSize. It could not end instances below the minimum of the group.
      minSize: cluster.autoscaling ? 0 : pool.minSize,
      maxSize: pool.maxSize,
      desiredCapacity: pool.desiredSize,
      serviceLinkedRoleArn: autoscaling.arn,
      vpcZoneIdentifier: [...poolSubnetIds(cluster, network, pool)],
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
      // Otherwise a failed launch, after which AWS tries another zone or type, taints the group, and Terraform replaces it
      // with all instances (terraform-provider-aws #29753).
      ignoreFailedScalingActivities: true,
      // AZRebalance terminates busy instances. Without it, launches still balance the zones, and instance refreshes
      // work (EC2 Auto Scaling User Guide, "How suspended processes affect other processes").
      suspendedProcesses: ["AZRebalance"],
      ...(cluster.monitoring && { enabledMetrics: GROUP_METRICS, metricsGranularity: "1Minute" }),
      ...initialLifecycleHooks(pool),
      // No grace period and no warmup: workers of an instance in service are already registered.
      healthCheckType: "EC2",
      healthCheckGracePeriod: 0,
      // The deletion of a pool does not wait for instances in a lifecycle hook.
      forceDelete: true,
      waitForCapacityTimeout: `${waitForCapacityMinutes}m`,
      instanceRefresh: {
        strategy: "Rolling",
        // Without skipMatching, a new scheduler also replaces instances whose template is unchanged.
        preferences: { minHealthyPercentage: 50, instanceWarmup: "0" },
        // Without AZRebalance, a group would keep its instances in a removed zone, whose subnet could not be deleted.
        triggers: ["tag", "vpc_zone_identifier"],
      },
      tag: Object.entries({ ...nodeTags(cluster, node), "dask:scheduler": scheduler.generation }).map(
        ([key, value]) => ({ key, value, propagateAtLaunch: true }),
      ),
      // The autoscaler or users scale the pool after the first deployment. A changed initial hook would replace the group; `LaunchHook`
      // updates it.
      lifecycle: { ignoreChanges: ["desired_capacity", "initial_lifecycle_hook"] },
      // The record depends on the scheduler, which depends on security group rules and internet access.
      dependsOn: [
        zone?.record ?? scheduler.instance,
        ...(readiness ? [readiness.stack] : []),
        ...(key.grants ?? []),
        bundle.object,
      ],
    });
    role.addDependent(group);
    this.groupName = group.name;
    new LaunchHook(this, "launch-hook", { groupName: group.name });
    new TerminationHook(this, "termination-hook", { groupName: group.name });
  }

  /**
   * Adds a security group to the instances, in addition to that of the cluster, for example for access to a file system
   * or a database. AWS allows 5 groups per instance by default. The change starts an instance refresh.
   */
  addSecurityGroup(securityGroupId: string): void {
    this.template.addSecurityGroup(securityGroupId);
  }
}
