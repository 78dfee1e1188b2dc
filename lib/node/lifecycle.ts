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

/** Name of the termination hook of each pool: an instance ends once its workers are drained. */
export const TERMINATION_HOOK = "workers-drained";

/**
 * Seconds of a drain after a spot interruption notice, which comes 120 s ahead: 2 s until the node asks, 85 s, 10 s for the end of
 * Dask's processes (a nanny takes up to 8.5 s), and a reserve.
 */
export const SPOT_DRAIN_SECONDS = 85;

/** Seconds of a drain by `systemctl stop` and the shutdown of the system: with the 20 s of Dask's end, within those 120 s. */
export const STOP_DRAIN_SECONDS = 75;

/** Seconds that systemd gives this drain, and then the processes, before it kills them. */
export const STOP_SECONDS = 100;

/** Seconds between heartbeats to the termination hook, and longest time without one: a node that is dead ends its hook after it. */
export const HEARTBEAT_SECONDS = 60;
export const HEARTBEAT_TIMEOUT_SECONDS = 180;
