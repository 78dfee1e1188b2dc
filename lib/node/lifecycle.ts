/** Name of the launch hook of each pool: an instance is in service once its workers are registered with the scheduler. */
export const LAUNCH_HOOK = "workers-registered";

/** Deadline of a node's bootstrap in seconds, with downloads and a scheduler that is still installing. */
export const BOOT_SECONDS = 2400;

/** Seconds from the start of the scheduler's service until it answers on its node. */
export const ANSWER_SECONDS = 180;

/** Seconds until the workers of a node are registered; their scheduler may still be installing. */
export const JOIN_SECONDS = 1200;

/**
 * Seconds in which "No active Lifecycle Action found" means that a node is faster than its group; afterwards it means
 * that the group has no hook (aws-samples/amazon-ec2-auto-scaling-group-examples, issue 3: AWS Support advises to
 * retry).
 */
export const HOOK_SECONDS = 180;

/**
 * Seconds for which a node retries a call that AWS throttles, or denies because the role is new: longer than the
 * propagation of changes in IAM.
 */
export const RETRY_SECONDS = 150;

/** Seconds that the scheduler waits for the parameter of its signal, which Terraform creates after the instance. */
export const SIGNAL_SECONDS = 300;
