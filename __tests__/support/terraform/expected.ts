import { defineCluster } from "../../../lib/config/define";
import type { Pool, ResolvedCluster } from "../../../lib/config/resolved-cluster";
import { changes, type Plan } from "./workspace";

/** A new scheduler: the pools roll, because their workers have to register with it, and CloudWatch watches another instance. */
export const newScheduler = (pools: readonly string[]) => [
  "replace aws_instance.cluster_scheduler",
  "replace aws_cloudformation_stack.cluster_scheduler-readiness",
  "replace null_resource.cluster_scheduler_generation",
  ...pools.map((pool) => `update aws_autoscaling_group.cluster_pools_${pool}`),
  "update aws_cloudwatch_dashboard.cluster_cloudwatch_dashboard",
  "update aws_cloudwatch_metric_alarm.cluster_cloudwatch_scheduler_instance",
  "update aws_cloudwatch_metric_alarm.cluster_cloudwatch_scheduler_system",
];

/** Another bundle of a node, and the policy of its role to read it. */
const newBundle = (id: string, role: string) => [
  `replace aws_s3_object.cluster_bundles_${id}`,
  `update aws_iam_role_policy.cluster_${role}_read-bundle`,
];

/** A scheduler in another zone: it has another address, which is an origin of its dashboard. */
export const movedScheduler = (pools: readonly string[]) => [
  ...newScheduler(pools),
  ...newBundle("scheduler", "scheduler-role"),
  ...pools.flatMap((pool) => newBundle(pool, `pool-roles_${pool}`)),
  "replace aws_ec2_subnet_cidr_reservation.cluster_network_scheduler-address",
  "update aws_route53_record.cluster_zone_scheduler",
  ...pools.map((pool) => `update aws_launch_template.cluster_pools_${pool}_template`),
];

/** A cluster in other zones of its region, by their letters; its scheduler in the first of the alphabet, or in one of them. */
export function withZones(
  cluster: ResolvedCluster,
  letters: string,
  schedulerLetter?: string,
): ResolvedCluster {
  const { name, region, network, scheduler } = cluster;
  const { adminSubnets, vpcCidr, nat } = network;
  const zones = [...letters].map((letter) => `${region}${letter}`);
  const moved = defineCluster({
    name,
    region,
    network: { adminSubnets, vpcCidr, nat, zones },
    ...(schedulerLetter && { scheduler: { zone: `${region}${schedulerLetter}` } }),
  });
  const { zone = "", privateAddress = "" } = moved.scheduler;
  return { ...cluster, network: moved.network, scheduler: { ...scheduler, zone, privateAddress } };
}

/** Changes of all resources of a zone. */
export function zone(
  action: string,
  letter: string,
  { network: { nat } }: ResolvedCluster,
): readonly string[] {
  const perZone = nat === "per-zone" ? ["aws_eip nat-address", "aws_nat_gateway nat"] : [];
  return [
    ...["aws_subnet private-subnet", "aws_subnet public-subnet"],
    ...["aws_route_table_association private-association", "aws_route_table_association public-association"],
    ...["aws_route_table private-routes", "aws_route to-nat"],
    ...perZone,
  ].map((part) => `${action} ${part.replace(" ", `.cluster_network_eu-central-1${letter}_`)}`);
}

/** Changes of all resources of a pool. */
export function pool(action: string, { name, spotPercentage }: Pool): readonly string[] {
  const policies = [
    ...["answer-launch-hook", "key-of-secrets", "read-bundle"],
    ...["secrets", "session-manager", "tag-machines", "write-logs"],
  ];
  return [
    `aws_autoscaling_group.cluster_pools_${name}`,
    `aws_autoscaling_lifecycle_hook.cluster_pools_${name}_launch-hook`,
    `aws_autoscaling_lifecycle_hook.cluster_pools_${name}_termination-hook`,
    `aws_cloudwatch_metric_alarm.cluster_cloudwatch_in-service_${name}`,
    ...(spotPercentage > 0
      ? [`aws_cloudwatch_metric_alarm.cluster_cloudwatch_spot-interruptions_${name}`]
      : []),
    `aws_autoscaling_policy.cluster_dead-man-switch_${name}_policy`,
    `aws_cloudwatch_metric_alarm.cluster_dead-man-switch_${name}`,
    `aws_launch_template.cluster_pools_${name}_template`,
    `aws_s3_object.cluster_bundles_${name}`,
    `aws_iam_role.cluster_pool-roles_${name}`,
    `aws_iam_instance_profile.cluster_pool-roles_${name}_instance-profile`,
    ...policies.map((policy) => `aws_iam_role_policy.cluster_pool-roles_${name}_${policy}`),
  ].map((part) => `${action} ${part}`);
}

/** Changes of a plan, by addresses without cdktf's hashes. */
export function changed(plan: Plan): readonly string[] {
  return sorted(
    ...changes(plan).map((change) =>
      change.replace(/^(delete and create|create and delete) /, "replace ").replace(/_[0-9A-F]{8}$/, ""),
    ),
  );
}

export function sorted(...lines: readonly string[]): readonly string[] {
  return [...lines].sort();
}

/** Position of a pattern in an output. */
export function orderIn(output: string, pattern: string): number {
  const index = output.search(new RegExp(pattern));
  if (index < 0) throw new Error(`the output has no ${pattern}`);
  return index;
}
