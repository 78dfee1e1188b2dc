"""Nodes on AWS: instances of an Auto Scaling group for each pool. Terraform sets the limits of the groups."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from cdktf_dask.autoscaler.capacity import CapacityError
from cdktf_dask.autoscaler.capacity.group import Group, Instance, leaves
from cdktf_dask.autoscaler.capacity.spot_prices import SpotPrices
from cdktf_dask.autoscaler.launches import Launches
from cdktf_dask.autoscaler.model import Capacity
from cdktf_dask.autoscaler.settings import SettingsError
from cdktf_dask.node.aws import Aws, AwsError

BUSY_SECONDS, QUIET_SECONDS = 15.0, 60.0
"""Age of the known state until it is read again: while instances start or end, and otherwise.

AWS limits the calls of all groups of an account and region together.
"""

MAX_AGE_SECONDS = 300.0
"""Age up to which the known state is used while AWS does not answer."""

MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 2.0, 60.0
"""Pause after an error, which doubles with each further one."""

SHORT_SECONDS = 60.0
"""How long a group may have fewer instances than desired until the reason is read."""

BLOCKED_SECONDS = 600.0
"""How long a pool is blocked after a failed launch. The group goes on trying."""

NAMES_AT_ONCE = 200
"""Values of a filter (EC2 API Reference, DescribeInstances)."""

logger = logging.getLogger("autoscaler")


class AwsCapacity:
    """The Auto Scaling groups of a cluster. Each change follows from the group as it is right before."""

    def __init__(
        self, groups: Mapping[str, str], aws: Aws, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the names of the groups by pool. Nothing is sent yet."""
        self._groups = groups
        self._aws = aws
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, Group] = {}
        self._read = self._next = float("-inf")
        """Time of the last answer, and of the next question."""
        self._pause = MIN_PAUSE_SECONDS / 2
        self._error = ""
        """Why the last question was not answered."""
        self._instances: dict[str, Instance] = {}
        """By id."""
        self._prices = SpotPrices(self._call)
        self._short_since: dict[str, float] = {}
        self._no_capacity_until: dict[str, float] = {}
        self._launches = {pool: Launches() for pool in groups}
        self._reasons: dict[str, str] = {}
        """Last reason of each pool that was logged."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "AwsCapacity":
        """Make it from the settings.

        Raises:
            SettingsError: they have no region, or no groups.
        """
        region, groups = settings.get("region"), settings.get("groups")
        if not isinstance(region, str) or not region:
            raise SettingsError(f"capacity.region: got {region!r}, expected a region")
        if not isinstance(groups, dict) or not all(isinstance(name, str) for name in groups.values()):
            raise SettingsError(f"capacity.groups: got {groups!r}, expected the group of each pool")
        return cls(groups, Aws(retry_seconds=0, region=region, attempts=2, timeout_seconds=5))

    def state(self) -> Mapping[str, Capacity]:
        """Capacity of each pool, at most `QUIET_SECONDS` old.

        Raises:
            CapacityError: AWS has not answered for `MAX_AGE_SECONDS`.
        """
        with self._lock:
            now = self._clock()
            if now >= self._next:
                self._refresh(now)
            if now - self._read > MAX_AGE_SECONDS:
                raise CapacityError(self._error)
            return {pool: self._capacity(pool, group) for pool, group in self._known.items()}

    def grow(self, pool: str, to: int) -> None:
        """Raise the desired number of instances, at most to the maximum of the group.

        Raises:
            CapacityError: AWS refuses.
        """
        group = self._describe([pool])[pool]
        self._set(pool, group, min(to, group.greatest), max)

    def lower(self, pool: str, to: int) -> None:
        """Lower the desired number by instances that do not exist.

        Raises:
            CapacityError: AWS refuses.
        """
        group = self._describe([pool])[pool]
        self._set(pool, group, max(to, len(group.present)), min)

    def end(self, pool: str, node: str) -> None:
        """Terminate the instance of a drained node, and lower the desired number by one.

        An instance that ends already is left alone.

        Raises:
            CapacityError: AWS refuses, or the group does not have the node.
        """
        self._terminate(pool, node, decrement=True)

    def replace(self, pool: str, node: str) -> None:
        """Terminate the instance of a node without workers. Its group launches another one.

        Raises:
            CapacityError: AWS refuses, or the group does not have the node.
        """
        self._terminate(pool, node, decrement=False)

    def _terminate(self, pool: str, node: str, decrement: bool) -> None:
        group = self._describe([pool])[pool]
        self._learn(group.instances)
        found = next((one for one in group.instances if self._name(pool, one) == node), None)
        if found is None:
            raise CapacityError(f"the group {self._groups[pool]} has no instance of the node {node}")
        if found in group.leaving:
            return
        self._call(
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            InstanceId=found,
            ShouldDecrementDesiredCapacity=decrement,
        )
        self._next = float("-inf")

    def _set(self, pool: str, group: Group, to: int, choose: Callable[[int, int], int]) -> None:
        if choose(group.desired, to) == group.desired:
            return
        self._call(
            "autoscaling",
            "set_desired_capacity",
            AutoScalingGroupName=self._groups[pool],
            DesiredCapacity=to,
            HonorCooldown=False,
        )
        self._next = float("-inf")

    def _refresh(self, now: float) -> None:
        """Read the state. After an error, the known one is used until it is too old."""
        try:
            found = self._describe(self._groups)
            self._learn([one for group in found.values() for one in group.instances])
            for pool, group in found.items():
                self._watch(pool, self._known.get(pool), group, now)
        except CapacityError as error:
            self._error = str(error)
            self._pause = min(2 * self._pause, MAX_PAUSE_SECONDS)
            self._next = now + self._pause
            return
        self._known, self._read, self._pause = found, now, MIN_PAUSE_SECONDS / 2
        present = {one for group in found.values() for one in group.instances}
        self._instances = {one: found for one, found in self._instances.items() if one in present}
        self._prices.refresh({one.spot[0] for one in self._instances.values() if one.spot}, now)
        busy = any(group.changes for group in found.values())
        self._next = now + (BUSY_SECONDS if busy else QUIET_SECONDS)

    def _watch(self, pool: str, before: Group | None, group: Group, now: float) -> None:
        """Note launches that succeeded and failed, and why instances are missing."""
        launches = self._launches[pool]
        for one, state in (before.instances if before else {}).items():
            after = group.instances.get(one, "")
            if state.startswith("Pending") and after == "InService":
                launches.joined()
            elif state.startswith("Pending") and (not after or leaves(after)):
                launches.failed(now)
        if len(group.present) >= group.desired:
            self._short_since.pop(pool, None)
        elif now - self._short_since.setdefault(pool, now) >= SHORT_SECONDS and (
            reason := self._failed_launch(pool)
        ):
            self._no_capacity_until[pool] = now + BLOCKED_SECONDS
            if self._reasons.get(pool) != reason:
                logger.warning("%s cannot launch instances: %s", pool, reason)
                self._reasons[pool] = reason

    def _failed_launch(self, pool: str) -> str | None:
        """Why the last launch failed; None if it did not, or if AWS does not answer: asked again soon."""
        try:
            answer = self._call(
                "autoscaling",
                "describe_scaling_activities",
                AutoScalingGroupName=self._groups[pool],
                MaxRecords=20,
            )
        except CapacityError as error:
            logger.debug("%s lacks instances for an unknown reason: %s", pool, error)
            return None
        launches = (one for one in answer["Activities"] if one["Description"].startswith("Launching"))
        last = next(launches, None)
        return str(last.get("StatusMessage", "")) if last and last["StatusCode"] == "Failed" else None

    def _capacity(self, pool: str, group: Group) -> Capacity:
        launches = self._launches[pool]
        names = (self._name(pool, one) for one in group.leaving)
        ready = (self._name(pool, one) for one, state in group.instances.items() if state == "InService")
        return Capacity(
            desired=group.desired,
            existing=len(group.present),
            blocked_until=max(launches.blocked_until, self._no_capacity_until.get(pool, 0.0)),
            failures=launches.failures,
            ending=frozenset(name for name in names if name),
            serving=frozenset(name for name in ready if name),
            spot_prices=tuple(price for price in map(self._spot_price, group.instances) if price is not None),
        )

    def _spot_price(self, instance: str) -> float | None:
        """Price of a spot instance in USD per hour, if it is known."""
        found = self._instances.get(instance)
        return self._prices.price(*found.spot) if found and found.spot else None

    def _describe(self, pools: Iterable[str]) -> dict[str, Group]:
        names = {self._groups[pool]: pool for pool in pools}
        answer = self._call(
            "autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=list(names), MaxRecords=100
        )
        found = {
            names[group["AutoScalingGroupName"]]: Group(
                group["DesiredCapacity"],
                group["MaxSize"],
                {one["InstanceId"]: one["LifecycleState"] for one in group["Instances"]},
            )
            for group in answer["AutoScalingGroups"]
        }
        if missing := [name for name, pool in names.items() if pool not in found]:
            raise CapacityError(f"AWS has no Auto Scaling group {', '.join(missing)}")
        return found

    def _learn(self, instances: Iterable[str]) -> None:
        """Read host names and lifecycles of new instances. One that starts may not have a name yet."""
        new = [one for one in instances if one not in self._instances]
        learnt: dict[str, Instance] = {}
        for start in range(0, len(new), NAMES_AT_ONCE):
            # A filter, because the answer to unknown ids is an error, and a new instance may be unknown.
            ids = {"Name": "instance-id", "Values": new[start : start + NAMES_AT_ONCE]}
            answer = self._call("ec2", "describe_instances", Filters=[ids])
            for instance in (one for part in answer["Reservations"] for one in part["Instances"]):
                if host := instance.get("PrivateDnsName", "").partition(".")[0]:
                    learnt[instance["InstanceId"]] = Instance.of(host, instance)
        # A new mapping: threads that drain call this, too, while another one iterates.
        self._instances = {**self._instances, **learnt}

    def _name(self, pool: str, instance: str) -> str:
        """Name of a node as in the names of its workers; empty as long as it is unknown."""
        found = self._instances.get(instance)
        return f"{pool}--{found.host}" if found else ""

    def _call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        try:
            return self._aws.call(service, operation, **parameters)
        except AwsError as error:
            raise CapacityError(f"{operation.replace('_', ' ')}: {error}") from error
