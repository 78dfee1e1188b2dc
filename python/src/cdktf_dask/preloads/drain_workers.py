"""Preload of the scheduler: `drain` takes workers out of service without losing results.

1. A P2P shuffle in which a worker participates goes on: the loss of a participant restarts it.
2. The workers start no more tasks. Those that they have not started go back to the scheduler.
3. Tasks that run may end. Data that only these workers have moves to others, first to those of their pool.
4. The workers are removed.

A planned drain (`force=False`) is undone if something has to stay. A forced one ends at its deadline and logs
what is lost. Comments name the source of Dask 2026.7.1 that a step relies on; 2024.7.1 is alike.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any, TypedDict
from uuid import uuid4

from dask.utils import format_bytes
from distributed import Scheduler
from distributed.active_memory_manager import ActiveMemoryManagerExtension, RetireWorker, Suggestion
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.scheduler import TaskState, WorkerState
from distributed.stealing import WorkStealing

POLL_SECONDS = 0.1
KEYS_A_SECOND = 100_000
"""Keys of workers that are looked through in a second: more of them are looked through less often."""
GIVEN_BACK_AT_ONCE = 250
"""Requests to a worker in one turn of the event loop, which they would block otherwise."""
AMM_SECONDS = 2.0
"""Interval of Dask's active memory manager, which moves the data."""
MAX_RESERVE_SECONDS = 60.0
MAX_NAMES = 10
MAX_NAME = 80

logger = logging.getLogger("distributed.drain_workers")


class Outcome(TypedDict):
    """Answer of `drain`."""

    retired: list[str]  # addresses of workers that have left, or that may if the drain does not end them
    kept: str | None  # why the workers are in service again; nothing if they are not
    lost: list[str]  # keys of results, scattered data and actors
    rerun: list[str]  # keys of unfinished tasks, which run again on other workers
    given_back: int  # tasks that went back to the scheduler before they started
    seconds: float


async def dask_setup(scheduler: Scheduler) -> None:
    """Add the handlers. Dask calls this when the scheduler starts."""
    scheduler.add_plugin(Drain(scheduler), name=Drain.name)


class Requests(WorkStealing):
    """Work stealing that balances nothing, where the configuration switches it off (scheduler.py:4243)."""

    async def start(self, scheduler: Any = None) -> None:
        """Do not start to balance."""


class RetireWithinPool(RetireWorker):
    """Moves data first to workers of the same pool: others may lack the library to unpickle it."""

    def run(self) -> Any:
        """Yield the suggestions of Dask, those of a replica first with the pool as candidates."""
        scheduler = self.manager.scheduler
        leaving = scheduler.workers.get(self.address)
        pool = leaving and pool_of(leaving)
        candidates = {ws for ws in scheduler.running if pool_of(ws) == pool and ws is not leaving}
        suggestions, answer = super().run(), None
        while True:
            try:
                suggestion = suggestions.send(answer)
            except StopIteration:
                return
            answer = None
            if suggestion.op == "replicate" and candidates:
                answer = yield Suggestion("replicate", suggestion.ts, candidates)
            if answer is None:
                answer = yield suggestion


class Drain(SchedulerPlugin):
    """The handlers, and the drains under way."""

    name = "drain"

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.drains: set[OneDrain] = set()
        self.forced: set[str] = set()
        """Addresses of workers whose node stops in any case. They are never put back into service."""
        self.ordered: set[str] = set()
        """Addresses of workers that an operator drains: the autoscaler does not undo that."""
        self.stealing: WorkStealing = scheduler.extensions.get("stealing") or Requests(scheduler)
        # A worker that is not in the cluster: tasks stolen for it go back to the scheduler (stealing.py:386).
        self.nowhere = WorkerState(
            address="tcp://0.0.0.0:1",
            status=Status.closed,
            pid=0,
            name="nowhere",
            memory_limit=0,
            local_directory="",
            nanny=None,
            server_id="nowhere",
            scheduler=scheduler,
        )
        scheduler.handlers |= {"drain": self.drain, "undrain": self.undrain}

    async def drain(
        self,
        workers: Collection[str],
        seconds: float = 90,
        force: bool = False,
        end: bool = True,
        reserve: float | None = None,
        stuck: float = 20,
        yields: bool = False,
    ) -> Outcome:
        """Take workers out of service.

        Args:
            workers: Addresses. Those that the scheduler does not know are left out.
            seconds: Deadline.
            force: Whether they go at the deadline in any case. Otherwise they may be put back into service.
            end: Whether they are removed. Not `close`: Dask takes that out of each message (core.py:762).
            reserve: Seconds before the deadline for data only. By default the last third, 60 at most.
            stuck: Seconds without a key moved until a planned drain takes the data for immovable.
            yields: Whether work that comes back may undo it, as if the autoscaler drains.
        """
        present = [self.scheduler.workers[each] for each in workers if each in self.scheduler.workers]
        addresses = {ws.address for ws in present}
        if force:
            self.forced |= addresses
        elif not yields:
            self.ordered |= addresses
        reserve = min(seconds / 3, MAX_RESERVE_SECONDS) if reserve is None else reserve
        run = OneDrain(self, present, seconds, force, reserve, stuck)
        self.drains.add(run)
        try:
            kept = await run.empty()
            if kept is not None:
                await self.undrain(addresses)
            return await run.finish(kept, end)
        finally:
            run.stop_moving()
            self.drains.discard(run)

    async def undrain(self, workers: Collection[str]) -> list[str]:
        """Put workers back into service unless a drain is forced. Returns the addresses of those that are."""
        back = [self.scheduler.workers[each] for each in workers if each in self.scheduler.workers]
        back = [ws for ws in back if ws.address not in self.forced]
        for run in self.drains:
            run.undone |= not run.force and not set(back).isdisjoint(run.workers)
        for ws in back:
            self.ordered.discard(ws.address)
            if ws.status is Status.closing_gracefully:
                self.set_status(ws, Status.running)
        return [ws.address for ws in back]

    def set_status(self, ws: WorkerState, status: Status) -> None:
        """Set the status in worker and scheduler: no task is sent in between (as scheduler.py:7587)."""
        stimulus = f"drain-{uuid4()}"
        message = {"op": "worker-status-change", "status": status.name, "stimulus_id": stimulus}
        self.scheduler.stream_comms[ws.address].send(message)
        self.scheduler.handle_worker_status_change(status, ws, stimulus)

    def is_under_way(self, ws: WorkerState) -> bool:
        """Whether a drain of the worker has not ended."""
        return any(ws in run.workers for run in self.drains)

    def in_shuffle(self, ws: WorkerState) -> bool:
        """Whether the worker participates in a P2P shuffle (shuffle/_scheduler_plugin.py:516)."""
        shuffle: Any = self.scheduler.plugins.get("shuffle")
        active = shuffle.active_shuffles.values() if shuffle else ()
        return any(ws.address in each.participating_workers for each in active)

    def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:
        """Forget a worker. A later one may have its address."""
        self.forced.discard(worker)
        self.ordered.discard(worker)


@dataclass(eq=False)
class OneDrain:
    """One call of `drain`."""

    plugin: Drain
    workers: list[WorkerState]
    seconds: float
    force: bool
    reserve: float
    stuck: float
    undone: bool = False
    """Set by `undrain`."""
    begun: float = field(default_factory=monotonic)
    asked: dict[TaskState, WorkerState] = field(default_factory=dict)
    """Tasks that their worker was asked to give back, until they have left it."""
    given_back: int = 0
    policies: dict[WorkerState, tuple[float, RetireWithinPool]] = field(default_factory=dict)
    """The policy that moves the data of a worker, and when it was added."""

    def __post_init__(self) -> None:
        self.scheduler = self.plugin.scheduler
        self.amm: ActiveMemoryManagerExtension = self.scheduler.extensions["amm"]
        self.amm_ran = 0.0
        self.names = ", ".join(str(ws.name) for ws in self.workers)

    @property
    def present(self) -> list[WorkerState]:
        """The workers that are still in the cluster."""
        return [ws for ws in self.workers if self.scheduler.workers.get(ws.address) is ws]

    @property
    def age(self) -> float:
        """Seconds since the drain began."""
        return monotonic() - self.begun

    @property
    def tasks_may_run(self) -> bool:
        """Whether there is more time than that for the data."""
        return self.age < self.seconds - self.reserve

    async def empty(self) -> str | None:
        """Wait until nothing can be lost, or until the deadline. Returns why the workers have to stay."""
        if reason := await self.wait_for_shuffles():
            return reason
        for ws in self.present:
            if ws.status is not Status.closing_gracefully:
                self.plugin.set_status(ws, Status.closing_gracefully)
        unmoved, since = 0, monotonic()
        while (present := self.present) and self.age < self.seconds:
            self.give_back(present)
            unique = self.unique(present)
            busy = any(ws.processing for ws in present)
            if not unique and not (busy and self.tasks_may_run):
                break
            before, unmoved = unmoved, sum(map(len, unique.values()))
            if busy or unmoved != before:
                since = monotonic()
            if reason := self.must_stay():
                return reason
            if not self.move(unique, unmoved > before) and not self.force:
                return "no other worker has room for its data"
            if not self.force and monotonic() - since > self.stuck:
                return f"its data does not arrive on other workers: {types_of(set().union(*unique.values()))}"
            keys = sum(len(ws.has_what) for ws in present)
            await asyncio.sleep(max(POLL_SECONDS, keys / KEYS_A_SECOND))
        present = self.present
        if not self.force and (self.unique(present) or any(ws.processing for ws in present)):
            return f"not done after {self.seconds:g} s"
        return self.must_stay()

    def must_stay(self) -> str | None:
        """Why a planned drain ends here."""
        if self.force:
            return None
        if self.undone:
            return "it was put back into service"
        if not self.plugin.forced.isdisjoint(ws.address for ws in self.workers):
            return "its node stops, which drains it"
        if any(ws.actors for ws in self.present):
            return "it has an actor, which cannot move"
        return None

    async def wait_for_shuffles(self) -> str | None:
        """Wait for the end of P2P shuffles. Returns why the workers have to stay."""
        while not (reason := self.must_stay()) and any(map(self.plugin.in_shuffle, self.present)):
            if not self.tasks_may_run:
                return None if self.force else "a P2P shuffle goes on"
            await asyncio.sleep(POLL_SECONDS)
        return reason

    def give_back(self, present: Iterable[WorkerState]) -> None:
        """Ask for the tasks. A worker gives back those not started (worker_state_machine.py:3065)."""
        left = [(ts, ws) for ts, ws in self.asked.items() if ts.processing_on is not ws]
        for ts, ws in left:
            self.given_back += ts not in ws.has_what
            del self.asked[ts]
        for ws in present:
            steal = self.plugin.stealing
            unasked = (ts for ts in ws.processing if ts not in self.asked and ts not in steal.in_flight)
            waiting = (ts for ts in unasked if ts not in ws.long_running and not ts.actor)
            for ts in list(islice(waiting, GIVEN_BACK_AT_ONCE)):
                steal.move_task_request(ts, ws, self.plugin.nowhere)
                self.asked[ts] = ws

    def unique(self, workers: Iterable[WorkerState]) -> dict[WorkerState, set[TaskState]]:
        """What no worker has that stays, by worker. Actors cannot move."""
        all_workers = self.scheduler.workers.values()
        going = {ws for ws in all_workers if ws.status is Status.closing_gracefully} | set(self.workers)
        found = {
            ws: {ts for ts in ws.has_what if going.issuperset(ts.who_has or ()) and not ts.actor}
            for ws in workers
        }
        return {ws: tasks for ws, tasks in found.items() if tasks}

    def move(self, workers: Iterable[WorkerState], at_once: bool) -> bool:
        """Let the active memory manager move unique data of workers. Returns whether there is room for it.

        A policy ends once it finds nothing to move, or no room (active_memory_manager.py:705).
        """
        now = monotonic()
        run = at_once or (not self.amm.running and now - self.amm_ran > AMM_SECONDS)
        for ws in workers:
            begun, policy = self.policies.get(ws, (0, None))
            if policy in self.amm.policies:
                continue
            if policy is None or not policy.no_recipients or now - begun > AMM_SECONDS:
                policy = RetireWithinPool(ws.address)
                self.policies[ws] = now, policy
                self.amm.add_policy(policy)
                run = True
        if run:
            self.amm.run_once()
            self.amm_ran = now
        return not any(self.policies[ws][1].no_recipients for ws in workers)

    def stop_moving(self) -> None:
        """Remove the policies."""
        for _, policy in self.policies.values():
            self.amm.policies.discard(policy)

    async def finish(self, kept: str | None, end: bool) -> Outcome:
        """Remove the workers if nothing keeps them. Returns and logs the outcome."""
        leaving = self.present if kept is None else []
        lost = set().union(*self.unique(leaving).values(), *(ws.actors for ws in leaving))
        outcome = Outcome(
            retired=[ws.address for ws in leaving],
            kept=kept,
            lost=[str(ts.key) for ts in lost],
            rerun=[str(ts.key) for ws in leaving for ts in ws.processing],
            given_back=self.given_back,
            seconds=round(self.age, 2),
        )
        logger.log(
            logging.WARNING if outcome["lost"] or outcome["rerun"] else logging.INFO,
            "drain of %s: %s",
            self.names,
            in_words(outcome),
        )
        if end:
            for ws in leaving:  # expected: no task is blamed for their end (scheduler.py:5630)
                await self.scheduler.remove_worker(ws.address, expected=True, stimulus_id=f"drain-{uuid4()}")
        return outcome


def pool_of(ws: WorkerState) -> str:
    """Pool of a worker by its name, such as `cpu--ip-10-20-0-17`."""
    return str(ws.name).partition("--")[0]


def in_words(outcome: Outcome) -> str:
    """What a drain did."""
    if outcome["kept"] is not None:
        return f"stays in service: {outcome['kept']}"
    if not outcome["lost"] and not outcome["rerun"]:
        return f"done after {outcome['seconds']:g} s, nothing is lost"
    lost, rerun = named(outcome["lost"]), named(outcome["rerun"])
    return f"done after {outcome['seconds']:g} s; lost: {lost}; not finished, to run again: {rerun}"


def types_of(tasks: Collection[TaskState]) -> str:
    """Types of some results, and the size of all."""
    types = sorted({str(ts.type) for ts in tasks})[:3]
    return f"{', '.join(types)}, {format_bytes(sum(ts.nbytes for ts in tasks))}"


def named(keys: Collection[str]) -> str:
    """The first keys, and how many there are in all."""
    if not keys:
        return "nothing"
    first = ", ".join(repr(key[:MAX_NAME]) for key in islice(keys, MAX_NAMES))
    return first if len(keys) <= MAX_NAMES else f"{first}, … ({len(keys)} in all)"
