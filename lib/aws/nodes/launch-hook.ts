import { AutoscalingLifecycleHook } from "@cdktf/provider-aws/lib/autoscaling-lifecycle-hook";
import { Construct } from "constructs";
import type { Pool } from "../../config/resolved-cluster";
import { BOOT_SECONDS, LAUNCH_HOOK } from "../../node/lifecycle";

/**
 * Seconds from the launch of an instance until its group terminates it: five minutes more than the deadline of its
 * boot.
 */
export const LAUNCH_SECONDS = BOOT_SECONDS + 300;

const HOOK = {
  name: LAUNCH_HOOK,
  lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
  defaultResult: "ABANDON",
  heartbeatTimeout: LAUNCH_SECONDS,
};

/** Auto Scaling group of the hook. */
export interface LaunchHookProps {
  /** Name of the Auto Scaling group. */
  readonly groupName: string;
}

/**
 * Lifecycle hook that keeps a new instance out of service until its node reports that its workers are registered. An
 * instance that reports a failure, or nothing, is terminated and replaced.
 */
export class LaunchHook extends Construct {
  constructor(scope: Construct, id: string, { groupName }: LaunchHookProps) {
    super(scope, id);
    new AutoscalingLifecycleHook(this, "Resource", { ...HOOK, autoscalingGroupName: groupName });
  }
}

/**
 * Returns the hook as part of a group, for its first instances, which exist before the `LaunchHook`. Empty for a pool
 * with an on-demand base and spot instances: the AWS provider creates a group with an initial hook with a size of 0,
 * for which AWS rejects the base (terraform-provider-aws #9841). The first deployment of such a pool only waits until
 * its instances run.
 */
export function initialLifecycleHooks(pool: Pool) {
  return onDemandBase(pool) === 0 ? { initialLifecycleHook: [HOOK] } : {};
}

/** Returns the on-demand base of a pool; 0 for a pool without spot instances, which needs none. */
export function onDemandBase({ onDemandBase, spotPercentage }: Pool): number {
  return spotPercentage === 0 ? 0 : onDemandBase;
}
