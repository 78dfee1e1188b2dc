import { AutoscalingLifecycleHook } from "@cdktf/provider-aws/lib/autoscaling-lifecycle-hook";
import { Construct } from "constructs";
import { HEARTBEAT_TIMEOUT_SECONDS, TERMINATION_HOOK } from "../../node/lifecycle";

/** Auto Scaling group of the hook. */
export interface TerminationHookProps {
  /** Name of the Auto Scaling group. */
  readonly groupName: string;
}

/**
 * Lifecycle hook that keeps an instance until its node has drained the workers (`cdktf_dask.node.watch`): for scale-in, instance
 * refreshes, capacity rebalancing and `TerminateInstanceInAutoScalingGroup`. The node sends heartbeats; a node that is dead, or
 * whose boot fails, is terminated after the timeout.
 *
 * It does not delay the deletion of the pool: Terraform deletes the hook first, which completes its actions, and the group with
 * `force_delete` does not wait for them (EC2 Auto Scaling API Reference, `DeleteLifecycleHook` and `DeleteAutoScalingGroup`).
 */
export class TerminationHook extends Construct {
  constructor(scope: Construct, id: string, { groupName }: TerminationHookProps) {
    super(scope, id);
    new AutoscalingLifecycleHook(this, "Resource", {
      name: TERMINATION_HOOK,
      autoscalingGroupName: groupName,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      // ABANDON also ends the instance, but skips other hooks of the group.
      defaultResult: "CONTINUE",
      heartbeatTimeout: HEARTBEAT_TIMEOUT_SECONDS,
    });
  }
}
