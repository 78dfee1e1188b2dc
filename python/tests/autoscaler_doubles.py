"""Doubles of what the autoscaler talks to, with a clock that tests move."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from cdktf_dask.autoscaler.capacity import CapacityError
from cdktf_dask.autoscaler.loop import Autoscaler
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.model import Capacity, Demand, Limits, Node, Pool
from cdktf_dask.autoscaler.scheduler import Drained, SchedulerError, SeenNode, Snapshot
from cdktf_dask.autoscaler.settings import Settings

CPU = Pool("cpu", {"CPU": 1.0}, max_size=3, idle_timeout=10, target_duration=60, drain_timeout=30)


class Clock:
    """Stands for the monotonic clock."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class SchedulerDouble:
    """Stands for the scheduler's HTTP interface, of a cluster whose nodes have one worker each."""

    def __init__(self) -> None:
        self.silent = False
        self.identity = "Scheduler-1"
        self.demands: list[tuple[str, Demand]] = []
        self.nodes: dict[str, Node] = {}
        self.drains: list[str] = []
        self.undrained: list[str] = []
        self.keeps: dict[str, str] = {}
        """Why a node is kept, by its name."""
        self.proceed = threading.Event()
        """Until it is set, drains wait."""
        self.proceed.set()

    def snapshot(self) -> Snapshot:
        if self.silent:
            raise SchedulerError("the scheduler does not answer")
        pools: dict[str, list[SeenNode]] = {}
        for name, node in self.nodes.items():
            pools.setdefault(name.partition("--")[0], []).append(SeenNode(node, (f"tcp://{name}",)))
        demands = tuple(demand for _, demand in self.demands)
        prefixes = {demand: prefix for prefix, demand in self.demands}
        return Snapshot(
            self.identity, demands, prefixes, {pool: tuple(found) for pool, found in pools.items()}
        )

    def drain(self, workers: tuple[str, ...], seconds: float, force: bool) -> Drained:
        name = workers[0].removeprefix("tcp://")
        self.drains.append(name)
        if force:
            return Drained(workers, None, 3, 0, 0, seconds)
        self.nodes[name] = replace(self.nodes[name], draining=True)
        assert self.proceed.wait(20)
        if self.silent:
            raise SchedulerError("the scheduler does not answer")
        if name in self.keeps or not self.nodes[name].draining:
            self.nodes[name] = replace(self.nodes[name], draining=False)
            return Drained((), self.keeps.get(name, "it was put back into service"), 0, 0, 0, 0.5)
        return Drained(workers, None, 0, 1, 4, 1.5)

    def undrain(self, workers: tuple[str, ...]) -> None:
        name = workers[0].removeprefix("tcp://")
        self.undrained.append(name)
        self.nodes[name] = replace(self.nodes[name], draining=False)


class ProviderDouble:
    """Stands for a provider whose nodes join the scheduler at once, and leave it when they end."""

    def __init__(self, scheduler: SchedulerDouble, *pools: str) -> None:
        self.scheduler = scheduler
        self.nodes: dict[str, list[str]] = {pool: [] for pool in pools or ("cpu",)}
        self.calls: list[tuple[str, str, int | str]] = []
        self.refuses = False
        self.silent = False
        self.started = 0

    def state(self) -> dict[str, Capacity]:
        if self.silent:
            raise CapacityError("the provider does not answer")
        return {
            pool: Capacity(len(nodes), len(nodes), serving=frozenset(nodes))
            for pool, nodes in self.nodes.items()
        }

    def grow(self, pool: str, to: int) -> None:
        self._call("grow", pool, to)
        while len(self.nodes[pool]) < to:
            name = f"{pool}--local-{self.started}"
            self.started += 1
            self.nodes[pool].append(name)
            self.scheduler.nodes[name] = Node(name)

    def lower(self, pool: str, to: int) -> None:
        self._call("lower", pool, to)

    def end(self, pool: str, node: str) -> None:
        self._call("end", pool, node)
        self.nodes[pool].remove(node)
        self.scheduler.nodes.pop(node, None)

    def replace(self, pool: str, node: str) -> None:
        self._call("replace", pool, node)
        self.nodes[pool].remove(node)
        self.grow(pool, len(self.nodes[pool]) + 1)

    def _call(self, verb: str, pool: str, value: int | str) -> None:
        self.calls.append((verb, pool, value))
        if self.refuses:
            raise CapacityError("the provider refuses")


class Rig:
    """An autoscaler with these doubles."""

    def __init__(self, *pools: Pool, minimum: Path | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.scheduler = SchedulerDouble()
        pools = pools or (CPU,)
        self.provider = ProviderDouble(self.scheduler, *(pool.name for pool in pools))
        defaults = Settings("demo", "", None, {}, Limits(), pools, None, None, False)
        self.settings = replace(defaults, **settings)
        self.metrics = Metrics()
        self.minimum = minimum
        self._start()

    def restart(self) -> None:
        """Kill the autoscaler and start another one: only scheduler and provider remember."""
        for job, _ in self.autoscaler._drains._jobs.values():
            # The threads of this process go on, but end no node.
            job.undone = True
        self._start()

    def _start(self) -> None:
        doubles: tuple[Any, Any] = (self.scheduler, self.provider)
        self.autoscaler = Autoscaler(
            self.settings, *doubles, self.metrics, self.clock, minimum_file=self.minimum
        )

    def demand(self, ready: int, seconds: float | None = 60.0, needs=(("CPU", 1.0),), prefix="work") -> None:
        """Replace all tasks."""
        self.scheduler.demands = [(prefix, Demand(needs, ready, 0, seconds))] if ready else []

    def tick(self, seconds: int = 1) -> None:
        """Let so many seconds pass, with a tick in each."""
        for _ in range(seconds):
            self.clock.now += 1
            self.autoscaler.tick()

    def settle(self) -> None:
        """Wait for the threads of drains that may go on, then collect their outcomes."""
        deadline = time.monotonic() + 20
        jobs = self.autoscaler._drains._jobs
        while not all(future.done() for _, future in jobs.values()):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        self.tick()
