"""Stands for an EC2 Auto Scaling group with lifecycle hooks, for what moto lacks, on a clock of the test.

It takes calls as `cdktf_dask.node.aws.Aws` does, and reports when an instance starts and ends, so that
`__tests__/boot/rig/group.py` can boot and end guests. Time passes only by `advance`. Sources: EC2 Auto
Scaling API Reference and User Guide.

Known differences from AWS:

- State changes are immediate: no seconds pass in `Pending`, `Pending:Proceed`, `Terminating` and
  `Terminating:Proceed`, which are therefore never seen. EC2 takes minutes.
- One group, one instance type, one zone; no rebalance recommendation, warm pool, standby, detachment, health
  check, cooldown or suspended process. `HonorCooldown` is ignored.
- An instance refresh is always rolling, without checkpoints, warmup, rollback or skipped instances, and its
  status cannot be read. Of its preferences it has `MinHealthyPercentage`.
- At a spot interruption notice, the group ends and replaces the instance in the same moment, as capacity
  rebalancing does. AWS documents no delay for that.
- A hook of each transition at most. AWS runs several of a transition at once.
- If the desired capacity falls, the oldest instances end. AWS follows the termination policy of the group.
- A launch that fails for lack of capacity is tried again each `LAUNCH_SECONDS`. AWS does not publish when.
- Activities are kept forever, AWS keeps six weeks; of their fields there are those that programs read.
- The texts of errors are those that AWS gave in public issues; its documentation has only their codes. That
  an instance that ends already cannot be ended again is such a text, too.
- No throttling, and no page of an answer but the first: `error` makes all calls fail.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cdktf_dask.node.aws import AwsError

LAUNCH_SECONDS = 60
MAX_WAIT_SECONDS = 48 * 3600
MAX_TIMEOUTS = 100
"""An instance waits for a hook at most 100 times its timeout, or 48 hours."""

NOTICE_SECONDS = 120
"""From a spot interruption notice until EC2 ends the instance (EC2 User Guide)."""

HEALTHY_PERCENT = 90
"""Default of an instance refresh (API Reference, RefreshPreferences)."""

NO_CAPACITY = (
    "We currently do not have sufficient m7i.large capacity in the Availability Zone you requested "
    "(eu-central-1a). Launching EC2 instance failed."
)


@dataclass(frozen=True)
class Hook:
    """A lifecycle hook."""

    name: str
    timeout: float
    result: str
    """Default result: `CONTINUE` or `ABANDON`."""


@dataclass
class Instance:
    """An instance of the group."""

    id: str
    host: str
    """Private host name."""
    state: str
    began: float
    """When it began to wait for a hook."""
    due: float
    """When the hook times out."""
    activity: dict[str, Any]
    """Launch or termination under way."""
    ends: float = float("inf")
    """When EC2 ends it, whether or not it waits for a hook."""


def nothing(_: str) -> None:
    """Do nothing with the id of an instance."""


def named(number: int) -> tuple[str, str]:
    """Id and host name of an instance: `i-7` and `ip-7`."""
    return f"i-{number}", f"ip-{number}"


@dataclass
class Group:
    """The group. Set `available` for what EC2 can give, and `error` to make calls fail."""

    name: str
    greatest: int
    least: int = 0
    desired: int = 0
    launching: Hook | None = None
    terminating: Hook | None = None
    start: Callable[[str], None] = nothing
    end: Callable[[str], None] = nothing
    name_instance: Callable[[int], tuple[str, str]] = named
    available: float = float("inf")
    error: AwsError | None = None
    now: float = 0
    instances: dict[str, Instance] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)
    """Newest first."""
    calls: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)
    """Instances that an instance refresh has still to replace."""
    _launched: int = 0
    _retry: float = 0
    _replaced_at_once: int = 1

    def call(self, _: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by its name in boto3.

        Raises:
            AwsError: as AWS rejects it.
        """
        self.calls.append(operation)
        if self.error:
            raise self.error
        answer: dict[str, Any] = getattr(self, operation)(**parameters)
        self._settle()
        return answer

    def advance(self, seconds: float) -> None:
        """Let time pass, with the timeouts and repeated launches within it."""
        until = self.now + seconds
        self._settle()
        while True:
            times = [one.due for one in self.instances.values() if one.state.endswith(":Wait")]
            times += [self._retry] if self._missing() else []
            if not times or min(times) > until:
                break
            self.now = max(self.now, min(times))
            self._time_out()
            self._settle()
        self.now = until

    def states(self) -> dict[str, str]:
        """Lifecycle state of each instance by its id."""
        return {one.id: one.state for one in self.instances.values()}

    def interrupt(self, instance: str) -> None:
        """Send a spot instance its interruption notice."""
        found = self.instances[instance]
        found.ends = self.now + NOTICE_SECONDS
        if found.state.startswith("Terminating"):
            found.due = min(found.due, found.ends)
        else:
            self._terminate(found)
        self._settle()

    # Operations

    def describe_auto_scaling_groups(
        self, AutoScalingGroupNames: list[str], MaxRecords: int = 50
    ) -> dict[str, Any]:
        instances = [{"InstanceId": one.id, "LifecycleState": one.state} for one in self.instances.values()]
        group = {"AutoScalingGroupName": self.name, "Instances": instances}
        group |= {"MinSize": self.least, "MaxSize": self.greatest, "DesiredCapacity": self.desired}
        return {"AutoScalingGroups": [group] if self.name in AutoScalingGroupNames else []}

    def describe_scaling_activities(self, AutoScalingGroupName: str, MaxRecords: int = 100) -> dict[str, Any]:
        self._require_group(AutoScalingGroupName)
        return {"Activities": self.activities[:MaxRecords]}

    def describe_instances(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        [ids] = [each["Values"] for each in Filters if each["Name"] == "instance-id"]
        found = [
            {"InstanceId": one.id, "PrivateDnsName": f"{one.host}.eu-central-1.compute.internal"}
            for one in self.instances.values()
            if one.id in ids
        ]
        return {"Reservations": [{"Instances": found}]}

    def set_desired_capacity(
        self, AutoScalingGroupName: str, DesiredCapacity: int, HonorCooldown: bool = False
    ) -> dict[str, Any]:
        self._require_group(AutoScalingGroupName)
        for word, limit, beyond in (
            ("above max", self.greatest, DesiredCapacity > self.greatest),
            ("below min", self.least, DesiredCapacity < self.least),
        ):
            if beyond:
                raise invalid(
                    f"New SetDesiredCapacity value {DesiredCapacity} is {word} value {limit} "
                    "for the AutoScalingGroup."
                )
        self.desired = DesiredCapacity
        return {}

    def terminate_instance_in_auto_scaling_group(
        self, InstanceId: str, ShouldDecrementDesiredCapacity: bool
    ) -> dict[str, Any]:
        instance = self.instances.get(InstanceId)
        if instance is None:
            raise invalid(f"Instance Id not found - No managed instance found for instance ID: {InstanceId}")
        if instance.state.startswith("Terminating"):
            raise invalid(f"The instance {InstanceId} is not in InService or Standby.")
        if ShouldDecrementDesiredCapacity:
            if self.desired <= self.least:
                raise invalid(
                    f"Currently, desiredSize equals minSize ({self.least}). Terminating instance without "
                    "replacement will violate group's min size constraint."
                )
            self.desired -= 1
        self._terminate(instance)
        return {"Activity": instance.activity}

    def complete_lifecycle_action(
        self, AutoScalingGroupName: str, LifecycleHookName: str, InstanceId: str, LifecycleActionResult: str
    ) -> dict[str, Any]:
        if LifecycleActionResult not in ("CONTINUE", "ABANDON"):
            raise invalid("The lifecycle action result must be CONTINUE or ABANDON")
        instance, _ = self._waiting(AutoScalingGroupName, LifecycleHookName, InstanceId)
        self._proceed(instance, LifecycleActionResult)
        return {}

    def record_lifecycle_action_heartbeat(
        self, AutoScalingGroupName: str, LifecycleHookName: str, InstanceId: str
    ) -> dict[str, Any]:
        instance, hook = self._waiting(AutoScalingGroupName, LifecycleHookName, InstanceId)
        last = instance.began + min(MAX_WAIT_SECONDS, MAX_TIMEOUTS * hook.timeout)
        instance.due = min(self.now + hook.timeout, last, instance.ends)
        return {}

    def start_instance_refresh(
        self, AutoScalingGroupName: str, Preferences: dict[str, int] | None = None
    ) -> dict[str, Any]:
        self._require_group(AutoScalingGroupName)
        if self.outdated:
            message = "An Instance Refresh is already in progress and blocks the execution of this one."
            raise AwsError("InstanceRefreshInProgress", message, passes=False)
        self.outdated = [one.id for one in self._present()]
        healthy = (Preferences or {}).get("MinHealthyPercentage", HEALTHY_PERCENT)
        self._replaced_at_once = max(1, self.desired * (100 - healthy) // 100)
        return {"InstanceRefreshId": f"refresh-{len(self.calls)}"}

    # What the group does by itself

    def _present(self) -> list[Instance]:
        return [one for one in self.instances.values() if not one.state.startswith("Terminating")]

    def _missing(self) -> int:
        return max(0, self.desired - len(self._present()))

    def _settle(self) -> None:
        """Launch and terminate instances until there are as many as desired, or as EC2 can give."""
        self._refresh()
        for one in self._present()[: max(0, len(self._present()) - self.desired)]:
            self._terminate(one)
        for _ in range(self._missing()):
            if len(self.instances) < self.available:
                self._launch()
            elif self.now >= self._retry:
                self._retry = self.now + LAUNCH_SECONDS
                activity = self._activity("Launching a new EC2 instance.  Status Reason: " + NO_CAPACITY)
                activity |= {"StatusCode": "Failed", "StatusMessage": NO_CAPACITY}

    def _refresh(self) -> None:
        """Terminate the next instances of an instance refresh, once their predecessors are replaced."""
        in_service = sum(one.state == "InService" for one in self.instances.values())
        while self.outdated and self.desired - in_service < self._replaced_at_once:
            found = self.instances.get(self.outdated.pop(0))
            if found and found.state == "InService":
                self._terminate(found)
                in_service -= 1

    def _launch(self) -> None:
        self._launched += 1
        number, host = self.name_instance(self._launched)
        activity = self._activity(f"Launching a new EC2 instance: {number}")
        instance = Instance(number, host, "Pending:Wait", self.now, self.now, activity)
        self.instances[number] = instance
        self.start(number)
        if self.launching:
            instance.due = self.now + self.launching.timeout
        else:
            self._proceed(instance, "CONTINUE")

    def _terminate(self, instance: Instance) -> None:
        if instance.state == "Pending:Wait":
            instance.activity["StatusCode"] = "Cancelled"
        instance.activity = self._activity(f"Terminating EC2 instance: {instance.id}")
        instance.state, instance.began = "Terminating:Wait", self.now
        if self.terminating:
            instance.due = min(self.now + self.terminating.timeout, instance.ends)
        else:
            self._proceed(instance, "CONTINUE")

    def _proceed(self, instance: Instance, result: str) -> None:
        if instance.state == "Terminating:Wait":
            instance.activity["StatusCode"] = "Successful"
            del self.instances[instance.id]
            self.end(instance.id)
        elif result == "CONTINUE":
            instance.activity["StatusCode"] = "Successful"
            instance.state = "InService"
        else:
            self._terminate(instance)

    def _time_out(self) -> None:
        for one in list(self.instances.values()):
            if one.state.endswith(":Wait") and one.due <= self.now:
                hook = self.launching if one.state.startswith("Pending") else self.terminating
                assert hook
                self._proceed(one, hook.result)

    def _activity(self, description: str) -> dict[str, Any]:
        activity = {"Description": description, "StatusCode": "InProgress", "StartTime": self.now}
        self.activities.insert(0, activity)
        return activity

    def _waiting(self, group: str, hook: str, instance: str) -> tuple[Instance, Hook]:
        """The instance that waits for a hook, and the hook."""
        self._require_group(group)
        found = self.instances.get(instance)
        if found and found.state.endswith(":Wait"):
            pending = self.launching if found.state.startswith("Pending") else self.terminating
            if pending and pending.name == hook:
                return found, pending
        raise invalid(f"No active Lifecycle Action found with instance ID {instance}")

    def _require_group(self, name: str) -> None:
        if name != self.name:
            raise invalid(f"AutoScalingGroup name not found - {name}")


def invalid(message: str) -> AwsError:
    """AWS's error for a call that its state or its limits do not allow."""
    return AwsError("ValidationError", message, passes=False)
