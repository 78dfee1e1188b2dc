"""An autoscaler with an Auto Scaling group that AWS throttles for a time, in virtual time.

Stands for the scheduler and for the nodes. The group is that of `group_double`, the rest is the autoscaler.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

from autoscaler_doubles import SchedulerDouble
from cdktf_dask.autoscaler.capacity.aws import AwsCapacity
from cdktf_dask.autoscaler.loop import Autoscaler
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.model import Demand, Limits, Node, Pool
from cdktf_dask.autoscaler.settings import Settings
from cdktf_dask.node.aws import AwsError
from group_double import Group, Hook

POOL = Pool("cpu", {"CPU": 1}, max_size=8, idle_timeout=60, target_duration=120, usd_per_hour=0.5)
LIMITS = Limits(max_nodes=6, max_hourly_cost=3.2, scheduler_usd_per_hour=0.1)
GROUP = "dask-test--cpu"
READY, DRAINED = Hook("node-ready", 2700, "ABANDON"), Hook("workers-drained", 180, "CONTINUE")
BOOT_SECONDS, END_SECONDS, TASK_SECONDS = 50, 5, 40
FIRST, SECOND = 3, 30
"""Tasks before AWS throttles, and those that come half a minute before that ends."""


@dataclass(frozen=True)
class Throttled:
    """What happened."""

    seconds: float
    """Time in which AWS answered no call."""
    refused: int
    """Calls in this time."""
    tasks: int
    finished: int
    lost: int
    """Tasks that ran on an instance that ended."""
    most: int
    """Largest desired number of instances."""
    most_usd: float
    caught_up: float
    """Seconds from the end of this time until the group had the instances that the work needed."""
    left: int
    """Instances an idle time after all work."""


class World:
    """The group, its nodes and their tasks."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting = self.submitted = self.finished = self.lost = self.most = 0
        self.ready: dict[str, float] = {}
        """Time at which an instance is ready."""
        self.running: dict[str, float] = {}
        """End of the task of an instance."""
        self.group = Group(GROUP, 8, launching=READY, terminating=DRAINED, start=self._start, end=self._end)
        self.scheduler = SchedulerDouble()
        settings = Settings("test", "", None, {}, LIMITS, (POOL,), None, None, False)
        capacity = AwsCapacity({"cpu": GROUP}, self.group, lambda: self.now)  # type: ignore[arg-type]
        double: Any = self.scheduler
        self.autoscaler = Autoscaler(settings, double, capacity, Metrics(), lambda: self.now)

    def submit(self, tasks: int) -> None:
        """Add tasks."""
        self.waiting += tasks
        self.submitted += tasks

    def second(self) -> None:
        """Let a second pass."""
        self.now += 1
        self.group.advance(1)
        self._nodes()
        self._work()
        self.autoscaler.tick()
        jobs = self.autoscaler._drains._jobs
        while not all(future.done() for _, future in jobs.values()):
            time.sleep(0.001)
        self.most = max(self.most, self.group.desired)

    def _start(self, instance: str) -> None:
        self.ready[instance] = self.now + BOOT_SECONDS

    def _end(self, instance: str) -> None:
        self.lost += self.running.pop(instance, None) is not None
        self.scheduler.nodes.pop(f"cpu--ip-{instance[2:]}", None)

    def _nodes(self) -> None:
        # Calls of nodes are not throttled here: the tests of the nodes have their own.
        for one in list(self.group.instances.values()):
            name = f"cpu--{one.host}"
            if one.state == "Pending:Wait" and self.now >= self.ready[one.id]:
                self.group.complete_lifecycle_action(GROUP, READY.name, one.id, "CONTINUE")
                self.scheduler.nodes[name] = Node(name)
            elif one.state == "Terminating:Wait" and self.now >= one.began + END_SECONDS:
                self.group.complete_lifecycle_action(GROUP, DRAINED.name, one.id, "CONTINUE")

    def _work(self) -> None:
        for instance, ends in list(self.running.items()):
            if ends <= self.now:
                self.finished += 1
                del self.running[instance]
        for name, node in self.scheduler.nodes.items():
            instance = f"i-{name.removeprefix('cpu--ip-')}"
            if self.waiting and not node.draining and instance not in self.running:
                self.waiting -= 1
                self.running[instance] = self.now + TASK_SECONDS
            self.scheduler.nodes[name] = replace(node, busy=int(instance in self.running))
        tasks = Demand((("CPU", 1.0),), self.waiting, len(self.running), float(TASK_SECONDS))
        self.scheduler.demands = [("work", tasks)] if tasks.tasks else []


def throttled(seconds: float) -> Throttled:
    """AWS throttles for so many seconds, at least 60, while nodes become idle and work comes."""
    world = World()
    begins, ends = 150.0, 150.0 + seconds
    caught_up = before = 0.0
    world.submit(FIRST)
    while world.now < ends + 900:
        if world.now == begins:
            world.group.error = AwsError("Throttling", "Rate exceeded", passes=True)
            before = len(world.group.calls)
        if world.now == ends:
            world.group.error = None
            refused = len(world.group.calls) - before
        if world.now == ends - 30:
            world.submit(SECOND)
        world.second()
        if world.now > ends and not caught_up and world.group.desired == LIMITS.max_nodes:
            caught_up = world.now - ends
    return Throttled(
        seconds,
        refused,
        world.submitted,
        world.finished,
        world.lost,
        world.most,
        LIMITS.scheduler_usd_per_hour + world.most * (POOL.usd_per_hour or 0.0),
        caught_up,
        len(world.group.instances),
    )
