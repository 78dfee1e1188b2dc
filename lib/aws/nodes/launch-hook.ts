import { AutoscalingLifecycleHook } from "@cdktf/provider-aws/lib/autoscaling-lifecycle-hook";
import { Construct } from "constructs";
import type { Pool } from "../../config/resolved-cluster";
import { BOOT_SECONDS, LAUNCH_HOOK } from "../../node/lifecycle";

/** Seconds from a machine's launch until its group gives it up: five minutes more than the machine gives itself. */
export const LAUNCH_SECONDS = BOOT_SECONDS + 300;

const HOOK = {
  name: LAUNCH_HOOK,
  lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
  defaultResult: "ABANDON",
  heartbeatTimeout: LAUNCH_SECONDS,
};

/** Properties of a `LaunchHook`. */
export interface LaunchHookProps {
  /** Name of the autoscaling group. */
  readonly groupName: string;
}

/**
 * Keeps each new machine of a group out of service until the machine says that its workers are registered. A machine
 * that says it failed, or says nothing, is terminated, and another is launched in its place.
 */
export class LaunchHook extends Construct {
  constructor(scope: Construct, id: string, { groupName }: LaunchHookProps) {
    super(scope, id);
    new AutoscalingLifecycleHook(this, "Resource", { ...HOOK, autoscalingGroupName: groupName });
  }
}

/**
 * The same hook as a part of its group, for the machines that come with the group and so before a `LaunchHook`.
 *
 * Terraform's AWS provider then creates the group with room for no machine and hooks it first, and AWS takes no base of
 * on-demand machines in such a group (terraform-provider-aws #9841). So a pool that mixes such a base with spot has no
 * hook at first: Terraform waits until the machines of its first deployment run, and for all later ones the group
 * waits until they are members.
 */
export function initialLifecycleHooks(pool: Pool) {
  return onDemandBase(pool) === 0 ? { initialLifecycleHook: [HOOK] } : {};
}

/** On-demand machines before any is spot; where none is ever spot, all are on demand without a base. */
export function onDemandBase({ onDemandBase, spotPercentage }: Pool): number {
  return spotPercentage === 0 ? 0 : onDemandBase;
}
