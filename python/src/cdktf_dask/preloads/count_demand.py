"""Preload of the scheduler: counts the tasks that wait or run, by the resources that they need.

The autoscaler needs this every second. A scan of 100,000 tasks blocks the scheduler's event loop for about
100 ms; these counters take less than a microsecond for each change of a task's state.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from distributed import Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin

ACTIVE = frozenset(("queued", "no-worker", "processing"))
"""States of a task whose inputs are ready and that has not finished."""

FINISHED = frozenset(("memory", "erred"))
"""States of a task that has run."""

Kind = tuple[frozenset[tuple[str, float]] | None, str]
"""What a task needs of each resource, `None` for a task without resources; and the prefix of its key."""


def dask_setup(server: object) -> None:
    """Count from now on. Dask calls this when the scheduler starts, before it has tasks."""
    if isinstance(server, Scheduler):
        server.add_plugin(Demand(server))


class Demand(SchedulerPlugin):
    """Counters of active tasks by kind, and of finished tasks by worker."""

    name = "demand"

    def __init__(self, scheduler: Scheduler) -> None:
        self.tasks = scheduler.tasks
        self.active: dict[Any, Kind] = {}
        """Kind by key of each active task. Its resources may change while it is active."""
        self.counts: dict[Kind, list[int]] = defaultdict(lambda: [0, 0])
        """By kind, tasks without a worker (`queued`, `no-worker`) and tasks on workers (`processing`)."""
        self.finished: dict[str, int] = dict.fromkeys(scheduler.workers, 0)
        """By address of a worker, the tasks that it has run, with or without an error."""

    def transition(self, key: Any, start: Any, finish: Any, *_: Any, **details: Any) -> None:
        """Update the counters. The scheduler calls this after each change of a task's state."""
        if start in ACTIVE:
            kind = self.active.pop(key, None)
            if kind is not None:
                count = self.counts[kind]
                count[start == "processing"] -= 1
                if count == [0, 0]:
                    del self.counts[kind]
            if start == "processing" and finish in FINISHED:
                worker = details.get("worker")
                if worker in self.finished:
                    self.finished[worker] += 1
        if finish in ACTIVE:
            task = self.tasks[key]
            needs: Mapping[str, float] | None = task.resource_restrictions
            kind = (frozenset(needs.items()) if needs else None, task.prefix.name)
            self.counts[kind][finish == "processing"] += 1
            self.active[key] = kind

    def restart(self, scheduler: Scheduler) -> None:
        """Reset the counters of tasks: `Scheduler.restart` removes all tasks without a change of state."""
        self.active.clear()
        self.counts.clear()

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        """Start to count the finished tasks of a worker."""
        self.finished[worker] = 0

    def remove_worker(self, scheduler: Scheduler, worker: str, *, stimulus_id: str, **details: Any) -> None:
        """Forget a worker."""
        self.finished.pop(worker, None)
