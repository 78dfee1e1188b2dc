"""Preload of the scheduler: balances tasks that need resources between the workers of a pool.

Dask assigns all such tasks at once to the workers that exist, so a worker that joins later depends on
stealing. Dask compares it with the mean of the whole cluster: next to an idle CPU pool of 64 threads, a
second GPU worker got 11 of 100 tasks. This preload compares the workers of a pool. It moves tasks by the
protocol of Dask's stealing: a worker gives a task up only if it has not started it, so no task runs
twice.
"""

import heapq
import logging
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from itertools import count, islice
from time import perf_counter
from typing import Any

from distributed import Scheduler
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.scheduler import TaskState, WorkerState
from tornado.ioloop import PeriodicCallback

INTERVAL_SECONDS = 0.5
"""Time between two rounds. A worker that joins causes another round."""

MAX_MOVES = 2_000
"""Tasks that a round moves, and a quarter of those that it looks at."""

SAMPLE = 8
"""Tasks of a worker from which its load is estimated."""

RELIABLE = (2026, 7)
"""Release of Dask whose own balancing is kept. That of 2024.7 takes the whole event loop: see decision 56."""

Movable = Callable[[TaskState], bool]
logger = logging.getLogger("distributed.balance_pools")


async def dask_setup(server: object) -> None:
    """Balance as long as the scheduler runs. Dask calls this when the scheduler starts."""
    if isinstance(server, Scheduler):
        if "stealing" not in server.extensions:
            logger.warning("tasks are not balanced within pools: the setting work-stealing is off")
            return
        server.add_plugin(Balance(server))


class Balance(SchedulerPlugin):
    """Balances at regular times, and when a worker joins."""

    name = "balance-pools"

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.moves = 0
        """Tasks that workers were asked to give up, so far."""
        self.longest_seconds = 0.0
        """Time of the longest round."""
        self.replaces_dask = tuple(map(int, version("distributed").split(".")[:2])) < RELIABLE
        """Whether Dask's own balancing is off, so that this also balances tasks without resources."""
        self.requested = False
        self.callback = PeriodicCallback(self.balance, INTERVAL_SECONDS * 1000)
        scheduler.periodic_callbacks[self.name] = self.callback  # stops with the scheduler

    async def start(self, scheduler: Scheduler) -> None:
        """Start. The scheduler calls this after it has started its own extensions."""
        if self.replaces_dask:
            await scheduler.extensions["stealing"].stop()
        if not self.callback.is_running():
            self.callback.start()

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        """Balance once all plugins know the worker."""
        if not self.requested:
            self.requested = True
            scheduler.loop.add_callback(self.balance)

    def balance(self) -> None:
        """Run a round."""
        self.requested = False
        started = perf_counter()
        pools: dict[str, list[WorkerState]] = {}
        for worker in self.scheduler.workers.values():
            if worker.status in (Status.running, Status.paused):
                pools.setdefault(str(worker.name).partition("--")[0], []).append(worker)
        moves = sum(balance(self.scheduler, workers, has_resources) for workers in pools.values())
        if self.replaces_dask:
            everyone = [worker for workers in pools.values() for worker in workers]
            moves += balance(self.scheduler, everyone, has_no_resources)
        self.moves += moves
        self.longest_seconds = max(self.longest_seconds, perf_counter() - started)


def has_resources(task: TaskState) -> bool:
    """Whether a task may run on any worker that has what it needs."""
    return bool(task.resource_restrictions) and is_free(task)


def has_no_resources(task: TaskState) -> bool:
    """Whether a task may run on any worker."""
    return not task.resource_restrictions and is_free(task)


def is_free(task: TaskState) -> bool:
    """Whether a task may run on other workers than the present one."""
    return not task.worker_restrictions and not task.host_restrictions and not task.actor


def balance(scheduler: Scheduler, workers: list[WorkerState], is_movable: Movable) -> int:
    """Ask workers that have more than their share to give tasks up to those that are about to be idle.

    Args:
        scheduler: The scheduler of the workers.
        workers: Workers that are balanced with each other.
        is_movable: Whether a task may be moved.

    Returns:
        The number of tasks that were asked for.
    """
    if len(workers) < 2:
        return 0
    steal: Any = scheduler.extensions["stealing"]
    loads = loads_of(workers, steal.in_flight_tasks)
    threads = sum(worker.nthreads for worker in workers)
    mean = sum(load * worker.nthreads for worker, load in loads.items()) / max(1, threads)
    share = max(1.0, mean)
    order = count()
    thieves = [
        (load, next(order), worker)
        for worker, load in loads.items()
        if load < max(1.0, mean / 2) and worker.status is Status.running
    ]
    heapq.heapify(thieves)
    moves = 0
    for task, victim, transfer in candidates(steal, loads, share) if thieves else ():
        if moves == MAX_MOVES:
            break
        if task.processing_on is not victim or task in steal.in_flight or not is_movable(task):
            continue
        # A worker that does not offer what the task needs is not one of the pool's definition: it gets none.
        while thieves and not offers(thieves[0][2], task):
            heapq.heappop(thieves)
        if not thieves:
            break
        thief = thieves[0][2]
        if transfer > loads[victim] - loads[thief]:
            continue
        steal.move_task_request(task, victim, thief)
        moves += 1
        loads[victim] -= rounds(task, victim)
        loads[thief] += rounds(task, thief)
        if loads[thief] + rounds(task, thief) / 2 < share:
            heapq.heapreplace(thieves, (loads[thief], next(order), thief))
        else:
            heapq.heappop(thieves)
            if not thieves:
                break
    return moves


def candidates(
    steal: Any, loads: dict[WorkerState, float], share: float
) -> Iterator[tuple[TaskState, WorkerState, float]]:
    """Waiting tasks of workers that have more than their share, with the worker: cheap transfers first.

    The last value is the time to transfer the inputs of a task, as a multiple of its own time.
    """
    looks = 4 * MAX_MOVES
    victims = [worker for worker, load in loads.items() if load > share]
    for victim in sorted(victims, key=lambda worker: -loads[worker]):
        for level, tasks in enumerate(steal.stealable.get(victim.address, ())):
            transfer = steal.cost_multipliers[level] if level else 0.0  # without inputs
            for task in list(islice(tasks, looks)):
                if loads[victim] <= share or looks == 0:
                    break
                looks -= 1
                yield task, victim, transfer


def loads_of(workers: list[WorkerState], in_flight: Mapping[WorkerState, int]) -> dict[WorkerState, float]:
    """Time that the tasks of each worker take, if each took one unit of time."""
    samples = {worker: list(islice(worker.processing, SAMPLE)) for worker in workers}
    sizes = {
        worker: sum(rounds(task, worker) for task in tasks) / len(tasks)
        for worker, tasks in samples.items()
        if tasks
    }
    # Of a worker whose tasks are all on their way to it, only the number is known.
    usual = sum(sizes.values()) / len(sizes) if sizes else 1.0
    return {
        worker: sizes.get(worker, usual)
        * max(0, len(worker.processing) - len(worker.long_running) + in_flight.get(worker, 0))
        for worker in workers
    }


def rounds(task: TaskState, worker: WorkerState) -> float:
    """Share of a worker that a task takes: of its threads, or of a resource."""
    shares = [1 / max(1, worker.nthreads)]
    for name, amount in (task.resource_restrictions or {}).items():
        offered = worker.resources.get(name, 0)
        if offered > 0:
            shares.append(amount / offered)
    return max(shares)


def offers(worker: WorkerState, task: TaskState) -> bool:
    """Whether a worker offers the resources that a task needs."""
    needs = task.resource_restrictions or {}
    return all(worker.resources.get(name, 0) >= amount for name, amount in needs.items())
