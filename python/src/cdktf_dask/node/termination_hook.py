"""The termination hook of this instance: its Auto Scaling group does not end it before the hook is completed.

The group ends the instance without that, too, when the hook gets no heartbeat for `HEARTBEAT_TIMEOUT_SECONDS`
of `lib/node/lifecycle.ts`.
"""

from cdktf_dask.node.aws import Aws, AwsError
from cdktf_dask.node.failures import Failures
from cdktf_dask.node.metadata import Metadata

RETRY_SECONDS = 10
"""Until a failed call is repeated; several times within the hook's timeout."""

ATTEMPTS = 2
TIMEOUT_SECONDS = 5
"""Of each call to AWS: the program must notice a spot interruption in the meantime."""

NO_ACTION = "No active Lifecycle Action found"
"""AWS's error while the group does not yet wait for the hook, and once it no longer does."""


class TerminationHook:
    """Sends heartbeats to the hook while the node drains, and completes it."""

    def __init__(self, settings: dict[str, str], metadata: Metadata, failures: Failures) -> None:
        """Prepares calls; none is sent yet.

        Args:
            settings: `GROUP`, `TERMINATION_HOOK`, `HEARTBEAT_SECONDS`, and `HOOK_SECONDS`, after which
                `NO_ACTION` means that the group does not wait for this instance.
            metadata: Metadata of this instance.
            failures: Prints failed calls.
        """
        self._settings, self._metadata, self._failures = settings, metadata, failures
        self._aws: Aws | None = None
        self._due: float | None = None
        self._first: float | None = None

    def extend(self, now: float) -> None:
        """Sends a heartbeat if one is due; the first one after a whole interval."""
        interval = float(self._settings["HEARTBEAT_SECONDS"])
        if self._due is None:
            self._due = now + interval
        if now < self._due:
            return
        error = self._call("record_lifecycle_action_heartbeat")
        self._due = now + (min(RETRY_SECONDS, interval) if error else interval)

    def complete(self, now: float) -> bool:
        """Lets the group end the instance; whether nothing is left to do. A failed call is repeated later."""
        if self._first is None:
            self._first = self._due = now
        if self._due is not None and now < self._due:
            return False
        error = self._call("complete_lifecycle_action", LifecycleActionResult="CONTINUE")
        hook = self._settings["TERMINATION_HOOK"]
        if error is None:
            print(f"termination hook {hook} is completed", flush=True)
            return True
        if NO_ACTION in error and now - self._first >= float(self._settings["HOOK_SECONDS"]):
            print(f"termination hook {hook} does not wait for this instance", flush=True)
            return True
        self._due = now + RETRY_SECONDS
        return False

    def _call(self, operation: str, **parameters: str) -> str | None:
        """Calls an operation for the hook and this instance; returns the error if it fails."""
        try:
            self._aws = self._aws or Aws(0, self._metadata.region(), ATTEMPTS, TIMEOUT_SECONDS)
            self._aws.call(
                "autoscaling",
                operation,
                AutoScalingGroupName=self._settings["GROUP"],
                LifecycleHookName=self._settings["TERMINATION_HOOK"],
                InstanceId=self._metadata.get("instance-id"),
                **parameters,
            )
        except (OSError, AwsError) as error:
            self._failures.report(operation, f"{operation}: {error}; trying again every {RETRY_SECONDS} s")
            return str(error)
        self._failures.clear(operation)
        return None
