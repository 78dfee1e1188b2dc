"""Drains of nodes: each is a thread that waits for the scheduler, then ends the node.

A drain ends in one of four ways: the node ends; it is kept, because its results find no other worker; it is
undone, because work came back; or it failed, because scheduler or provider did not answer. A node that drains
without a thread, as after a restart of this process, gets one.
"""

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from cdktf_dask.autoscaler.capacity import Capacity, CapacityError
from cdktf_dask.autoscaler.model import Node, Pool
from cdktf_dask.autoscaler.scheduler import Drained, Scheduler, SchedulerError, SeenNode

MAX_DRAINS = 32
"""Drains at the same time; others wait."""

RETRY_SECONDS = 60.0
"""Time until a node that was kept is drained again."""

ORDER_SECONDS = 30.0
"""Time that an operator has to end a node after its drain, until the autoscaler does it."""

FORCED_SECONDS = 10.0
"""Duration of a drain that loses what other workers do not take."""

Result = Literal["ended", "kept", "undone", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a drain ended."""

    pool: str
    node: str
    result: Result
    why: str = ""
    drained: Drained | None = None


@dataclass
class Job:
    """A drain, which can be undone until its node begins to end."""

    pool: Pool
    seen: SeenNode
    force: bool = False
    """Whether the node ends although that loses results or tasks."""
    lock: Lock = field(default_factory=Lock)
    undone: bool = False
    forgotten: bool = False
    """Whether it was undone without the scheduler."""
    ends: bool = False


class Drains:
    """Drains of this process."""

    def __init__(self, scheduler: Scheduler, capacity: Capacity, clock: Callable[[], float]) -> None:
        self._scheduler = scheduler
        self._capacity = capacity
        self._clock = clock
        self._threads = ThreadPoolExecutor(MAX_DRAINS, thread_name_prefix="drain")
        self._jobs: dict[str, tuple[Job, Future[Outcome]]] = {}
        self._kept: dict[str, float] = {}
        self._drained: dict[str, float] = {}
        """Time at which the drain of a node that an operator drains was over."""

    def __contains__(self, node: str) -> bool:
        """Whether a node drains by a thread of this process, and was not undone."""
        return node in self._jobs and not self._jobs[node][0].undone

    def is_followed(self, node: str) -> bool:
        """Whether a node has a thread, also one whose drain was undone a moment ago."""
        return node in self._jobs

    def is_kept(self, node: str) -> bool:
        """Whether the last drain of a node was refused or failed, a short time ago."""
        return self._kept.get(node, 0.0) > self._clock()

    def is_left(self, node: Node) -> bool:
        """Whether a node drains, or was drained, and nobody else ends it."""
        if not node.ordered or node.under_way:
            self._drained.pop(node.name, None)
            return node.returns
        now = self._clock()
        return now - self._drained.setdefault(node.name, now) >= ORDER_SECONDS

    def begin(self, pool: Pool, seen: SeenNode, force: bool = False) -> None:
        """Drain a node, then end it. Nothing happens if it drains already.

        Args:
            pool: Its pool.
            seen: The node.
            force: Whether it ends although that loses results or tasks; then it has no time for these.
        """
        name = seen.node.name
        if name not in self._jobs:
            job = Job(pool, seen, force)
            self._jobs[name] = job, self._threads.submit(self._run, job)

    def undo(self, pool: Pool, seen: SeenNode) -> bool:
        """Let a node work again. Returns whether that was still possible.

        Raises:
            SchedulerError: the scheduler does not answer.
        """
        job, _ = self._jobs.get(seen.node.name, (Job(pool, seen), None))
        with job.lock:
            if job.ends:
                return False
            job.undone = True
            self._scheduler.undrain(seen.workers)
            return True

    def outcomes(self) -> list[Outcome]:
        """Drains that ended since the last call."""
        done = [name for name, (_, future) in self._jobs.items() if future.done()]
        outcomes = [self._jobs.pop(name)[1].result() for name in done]
        for outcome in outcomes:
            if outcome.result in ("kept", "failed"):
                self._kept[outcome.node] = self._clock() + RETRY_SECONDS
        return outcomes

    def forget_others(self, present: Collection[str]) -> None:
        """Forget the nodes that are gone, so that memory does not grow with each node.

        Args:
            present: Names of the nodes that the scheduler has.
        """
        for known in (self._kept, self._drained):
            for name in known.keys() - present:
                del known[name]

    def forget(self) -> None:
        """Undo all drains, without the scheduler, which has restarted. A node that ends already does end."""
        self._kept.clear()
        self._drained.clear()
        for job, _ in self._jobs.values():
            with job.lock:
                job.undone = job.forgotten = not job.ends

    def close(self) -> None:
        """Stop following. The next process finishes the drains."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job) -> Outcome:
        def outcome(result: Result, why: str = "", drained: Drained | None = None) -> Outcome:
            return Outcome(job.pool.name, job.seen.node.name, result, why, drained)

        try:
            if job.undone:
                return outcome("undone")
            seconds = FORCED_SECONDS if job.force else job.pool.drain_timeout
            drained = self._scheduler.drain(job.seen.workers, seconds, job.force)
            with job.lock:
                undone = job.undone
                job.ends = not undone and drained.kept is None and bool(drained.retired)
            if undone:
                # After an undrain, a drain retires nothing. One that was forgotten may have retired workers.
                if job.forgotten and drained.retired:
                    self._scheduler.undrain(job.seen.workers)
                return outcome("undone", drained=drained)
            if not job.ends:
                return outcome("kept", drained.kept or "no worker was retired", drained)
            self._capacity.end(job.pool.name, job.seen.node.name)
            return outcome("ended", drained=drained)
        except SchedulerError as error:
            return outcome("undone" if job.undone else "failed", str(error))
        except CapacityError as error:
            return self._refused(job, str(error))

    def _refused(self, job: Job, why: str) -> Outcome:
        """Give a node back that the provider does not end."""
        try:
            self._scheduler.undrain(job.seen.workers)
        except SchedulerError as error:
            why = f"{why}; {error}"
        return Outcome(job.pool.name, job.seen.node.name, "failed", why)
