/** Launch lifecycle hook of each pool: a machine is in service once its workers are registered at the scheduler. */
export const LAUNCH_HOOK = "workers-registered";

/** Seconds from a machine's first phase to its last, downloads and a scheduler that is still installing included. */
export const BOOT_SECONDS = 2400;

/** Seconds until the scheduler answers on its own machine, from the start of its service. */
export const ANSWER_SECONDS = 180;

/** Seconds until a machine's workers are registered: their scheduler starts with them and may still be installing. */
export const JOIN_SECONDS = 1200;

/**
 * Seconds for which "No active Lifecycle Action found" is taken for a node that is faster than its group, and later for a
 * group without a hook (aws-samples/amazon-ec2-auto-scaling-group-examples, issue 3: AWS Support advises to retry).
 */
export const HOOK_SECONDS = 180;

/**
 * Seconds of pauses between the tries of a call that AWS throttles, or refuses to a role that is new: longer than a
 * change in IAM takes to be seen everywhere.
 */
export const RETRY_SECONDS = 150;

/** Seconds that the scheduler waits for the parameter of its signal, which Terraform creates after the instance. */
export const SIGNAL_SECONDS = 300;
