"""Preload of a scheduler under test: counts results that are computed again, and what is lost."""

from collections import Counter
from typing import Any

from distributed import Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin


async def dask_setup(scheduler: Scheduler) -> None:
    scheduler.add_plugin(Oracle(scheduler), name="oracle")


class Oracle(SchedulerPlugin):
    """Its handler `oracle` answers with the counts."""

    def __init__(self, scheduler: Scheduler):
        self.scheduler = scheduler
        self.finished: Counter[Any] = Counter()
        scheduler.handlers["oracle"] = self.report

    def transition(self, key: Any, start: str, finish: str, *_: Any, **__: Any) -> None:
        if (start, finish) == ("processing", "memory"):
            self.finished[key] += 1

    def report(self) -> dict[str, Any]:
        """Keys of results computed again, of lost results and data, and of tasks blamed for an end."""
        events = [event for _, event in self.scheduler.get_events("all") if isinstance(event, dict)]
        removed = [event for event in events if event.get("action") == "remove-worker"]

        def lost(kind: str) -> list[str]:
            return sorted({str(key) for event in removed for key in event[kind]})

        return {
            "recomputed": sorted(str(key) for key, count in self.finished.items() if count > 1),
            "lost results": lost("lost-computed-tasks"),
            "lost data": lost("lost-scattered-tasks"),
            "blamed": sorted(str(ts.key) for ts in self.scheduler.tasks.values() if ts.suspicious),
        }
