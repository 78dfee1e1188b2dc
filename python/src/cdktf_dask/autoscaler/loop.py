"""The tick of the autoscaler: asks scheduler and provider, decides, acts, and logs each action."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cdktf_dask.autoscaler.capacity import Capacity, CapacityError
from cdktf_dask.autoscaler.costs import Costs
from cdktf_dask.autoscaler.decide import decide
from cdktf_dask.autoscaler.drains import Drains
from cdktf_dask.autoscaler.guards import Guards
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.minimum import with_minimum
from cdktf_dask.autoscaler.model import KEPT, Action, Decision, Memory, Pool
from cdktf_dask.autoscaler.model import Capacity as PoolCapacity
from cdktf_dask.autoscaler.notices import Notices, Silence
from cdktf_dask.autoscaler.reports import Reports
from cdktf_dask.autoscaler.scheduler import Scheduler, SchedulerError, SeenNode
from cdktf_dask.autoscaler.settings import Settings

TICK_SECONDS = 1.0
SCHEDULER_PATIENCE = 60.0
"""Seconds until a scheduler that does not answer is logged."""
PROVIDER_PATIENCE = 300.0
MIN_BACKOFF, MAX_BACKOFF = 2.0, 60.0
"""Seconds until a change is tried again that the provider refused."""

logger = logging.getLogger("autoscaler")


class Autoscaler:
    """Scales the pools of one cluster. `tick` is called once a second, by one thread."""

    def __init__(
        self,
        settings: Settings,
        scheduler: Scheduler,
        capacity: Capacity,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        cost_file: Path | None = None,
        minimum_file: Path | None = None,
    ) -> None:
        self._pools = settings.pools
        self._limits = settings.limits
        self._minimum_file = minimum_file
        self._scheduler = scheduler
        self._capacity = capacity
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._drains = Drains(scheduler, capacity, clock)
        self._seen: str | None = None
        """Identity of the scheduler of the last tick."""
        self._memories: dict[str, Memory] = {}
        self._notices = Notices()
        self._reports = Reports(settings.pools, metrics, self._notices)
        self._guards = Guards(settings, metrics, self._notices)
        self._costs = Costs(cost_file, metrics, settings.limits.scheduler_usd_per_hour)
        self._no_scheduler = Silence(SCHEDULER_PATIENCE)
        self._no_provider = Silence(PROVIDER_PATIENCE)
        self._retry: dict[str, tuple[float, float]] = {}
        """Time of the next try and the last delay, of pools whose last change was refused."""

    def tick(self) -> Decision | None:
        """Do what is to be done now: nothing, and return None, if scheduler or provider do not answer."""
        now, started = self._clock(), time.perf_counter()
        try:
            snapshot = self._scheduler.snapshot()
        except SchedulerError as error:
            self._metrics.set("scheduler_up", 0)
            self._no_scheduler.begin(now, str(error))
            return None
        self._metrics.set("scheduler_up", 1)
        self._no_scheduler.end(now, "the scheduler")
        try:
            known = self._capacity.state()
        except CapacityError as error:
            self._metrics.set("provider_up", 0)
            self._no_provider.begin(now, str(error))
            return None
        self._metrics.set("provider_up", 1)
        self._no_provider.end(now, "the provider of the nodes")

        for outcome in self._drains.outcomes():
            self._reports.drain(outcome)
        self._drains.forget_others({one.node.name for found in snapshot.nodes.values() for one in found})
        self._notice_restart(snapshot.scheduler)
        capacity = {pool.name: known.get(pool.name, PoolCapacity(0, 0)) for pool in self._pools}
        seen = {
            pool.name: [self._with_drain(one) for one in snapshot.nodes.get(pool.name, ())]
            for pool in self._pools
        }
        nodes = {pool: [one.node for one in found] for pool, found in seen.items()}
        pools = with_minimum(self._pools, self._minimum_file)
        guarded = self._guards.apply(pools, snapshot.demands, nodes, now)
        asked = time.perf_counter()
        decision = decide(
            guarded[0], snapshot.demands, guarded[1], capacity, self._memories, self._limits, now
        )
        if self._guards.stopped:
            decision = replace(decision, unsatisfiable=())
        self._metrics.set("decision_seconds", time.perf_counter() - asked)
        by_name = {pool.name: pool for pool in self._pools}
        for action in decision.actions:
            self._act(action, by_name[action.pool], {one.node.name: one for one in seen[action.pool]}, now)
        back = {name for action in decision.actions if action.kind == "back" for name in action.nodes}
        for pool in self._pools:
            left = [one for one in seen[pool.name] if one.node.name not in back]
            self._adopt(pool, left, capacity[pool.name])
        self._costs.record(self._pools, nodes, capacity)
        self._reports.decision(decision, snapshot, nodes, capacity)
        self._metrics.set("tick_seconds", time.perf_counter() - started)
        self._metrics.set("last_tick_timestamp_seconds", time.time())
        return decision

    def close(self) -> None:
        """Stop. Drains that go on are finished by the next process."""
        self._drains.close()

    def _notice_restart(self, scheduler: str) -> None:
        """Forget what belongs to another scheduler: its workers come back, its tasks and results do not."""
        if self._seen not in (None, scheduler):
            logger.warning("the scheduler has restarted: no node leaves for one idle time")
            self._memories.clear()
            self._guards = Guards(self._settings, self._metrics, self._notices)
            self._drains.forget()
        self._seen = scheduler

    def _with_drain(self, seen: SeenNode) -> SeenNode:
        """A node, with what this process knows of its drain."""
        node = seen.node
        held = node.held or (KEPT if self._drains.is_kept(node.name) else "")
        return replace(
            seen, node=replace(node, held=held, draining=node.draining or node.name in self._drains)
        )

    def _act(self, action: Action, pool: Pool, seen: Mapping[str, SeenNode], now: float) -> None:
        names = ", ".join(action.nodes)
        if action.kind in ("out", "lower"):
            if self._change(action, now):
                logger.info("%s %s to %d: %s", action.kind, pool.name, action.to, action.why)
                self._metrics.add("actions_total", pool=pool.name, kind=action.kind)
            return
        if action.kind in ("replace", "end"):
            return self._end(action)
        logger.info("%s %s %s: %s", action.kind, pool.name, names, action.why)
        self._metrics.add("actions_total", pool=pool.name, kind=action.kind)
        for name in action.nodes:
            if action.kind == "in":
                self._drains.begin(pool, seen[name], self._guards.gives_up)
                continue
            try:
                self._drains.undo(pool, seen[name])
            except SchedulerError as error:
                logger.warning("%s still drains: %s", name, error)

    def _end(self, action: Action) -> None:
        """End nodes without workers. That is a condition for alerts, as something is wrong with them."""
        change = self._capacity.replace if action.kind == "replace" else self._capacity.end
        for name in action.nodes:
            why = action.why
            try:
                change(action.pool, name)
                self._metrics.add("actions_total", pool=action.pool, kind=action.kind)
            except CapacityError as error:
                self._metrics.add("provider_errors_total", pool=action.pool)
                why = f"{why}, but that failed: {error}"
            condition = {"condition": "workers"}
            logger.warning("%s %s %s: %s", action.kind, action.pool, name, why, extra=condition)

    def _change(self, action: Action, now: float) -> bool:
        """Change the provider's number of nodes, unless it refused a short time ago."""
        again, delay = self._retry.get(action.pool, (0.0, MIN_BACKOFF / 2))
        if now < again:
            return False
        try:
            change = self._capacity.grow if action.kind == "out" else self._capacity.lower
            change(action.pool, action.to)
        except CapacityError as error:
            delay = min(delay * 2, MAX_BACKOFF)
            self._retry[action.pool] = now + delay, delay
            self._metrics.add("provider_errors_total", pool=action.pool)
            text = f"{action.kind} {action.pool} to {action.to} failed: {error}"
            self._notices.update(f"refused {action.pool}", {str(error): text})
            return False
        self._retry.pop(action.pool, None)
        self._notices.update(f"refused {action.pool}", {})
        return True

    def _adopt(self, pool: Pool, seen: Sequence[SeenNode], capacity: PoolCapacity) -> None:
        """Finish drains without a thread: those of an autoscaler or of an operator's command that ended."""
        for one in seen:
            node = one.node
            followed = self._drains.is_followed(node.name) or node.name in capacity.ending
            if self._drains.is_left(node) and not followed and not self._drains.is_kept(node.name):
                logger.info("in %s %s: it drains, and nothing follows its drain", pool.name, node.name)
                self._drains.begin(pool, one)
