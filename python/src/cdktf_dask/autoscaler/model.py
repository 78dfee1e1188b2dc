"""What the autoscaler decides from, and what it decides. All times are seconds of one clock of the caller."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Literal

Needs = tuple[tuple[str, float], ...]
"""Resources that a task needs, such as `(("GPU", 1.0),)`."""

UNKNOWN_SECONDS = 5.0
"""Assumed duration of tasks of which none has finished: 400 short tasks ask for 5 nodes at most."""

UNKNOWN_GPU_SECONDS = 60.0
"""The same on pools with GPUs: six tasks ask for three nodes at once."""

MIN_TASK_SECONDS = 0.001
"""Shortest duration of a task: about the overhead of the scheduler."""

MAX_FAILURES = 3
"""Launches of a pool that may fail in a row before it has to wait."""

KEPT = "kept"
"""`Node.held` of a node whose drain was refused, because other nodes cannot take its results."""


@dataclass(frozen=True)
class Demand:
    """Tasks of one kind that are not finished."""

    needs: Needs | None
    """None: the tasks need no resource."""
    ready: int
    """Tasks without a worker: in the scheduler's queue, or no worker can run them."""
    on_workers: int
    """Tasks that a worker has, started or not."""
    seconds: float | None
    """Expected duration of a task; None if none has finished."""

    @property
    def tasks(self) -> int:
        """All tasks of this kind."""
        return self.ready + self.on_workers


@dataclass(frozen=True)
class Node:
    """A node with workers, as the scheduler knows it."""

    name: str
    busy: int = 0
    """Tasks of its workers, started or not."""
    unique_bytes: int = 0
    """Size of the results that no other node has."""
    held: str = ""
    """Why it cannot be drained: `actor`, `shuffle`, `long-running` or `kept`; empty if it can."""
    draining: bool = False
    forced: bool = False
    """Whether the drain cannot be undone, as the instance ends."""
    ordered: bool = False
    """Whether an operator drains it: it leaves even if its pool needs a node."""
    under_way: bool = False
    """Whether the drain has not ended."""
    paused: bool = False
    """Whether all its workers are paused, as their memory is full."""
    used: float = 0.0
    """Share of its memory limit that results use."""
    finished: int = 0
    """Tasks that its workers have finished."""
    cpu: float = 0.0
    """Percent of its CPUs in use."""

    @property
    def returns(self) -> bool:
        """Whether it drains and the drain is undone if work comes back."""
        return self.draining and not self.forced and not self.ordered


@dataclass(frozen=True)
class Pool:
    """A pool of the definition."""

    name: str
    offers: Mapping[str, float]
    """Resources of one worker."""
    workers: int = 1
    """Workers of a node."""
    threads: int = 1
    """Threads of a worker."""
    min_size: int = 0
    max_size: int = 10
    idle_timeout: float = 300.0
    """Seconds that a node stays after it was last wanted."""
    target_duration: float = 120.0
    """Seconds in which the work is to be done, if it takes more than one node."""
    drain_timeout: float = 600.0
    """Seconds that a drain may take."""
    usd_per_hour: float | None = None
    """Price of a node on demand; None if it is unknown."""
    gpu: bool = False
    """Whether its nodes have GPUs."""

    def slots(self, needs: Needs | None) -> int:
        """Number of tasks that a node runs at the same time; 0 if it can never run one."""
        slots = self.threads
        for name, amount in needs or ():
            offered = self.offers.get(name, 0.0)
            if offered < amount:
                return 0
            if amount > 0:
                slots = min(slots, floor(offered / amount + 1e-9))
        return slots * self.workers

    def seconds(self, demand: Demand) -> float:
        """Duration of a task on this pool, known or assumed."""
        if demand.seconds is None:
            return UNKNOWN_GPU_SECONDS if self.gpu else UNKNOWN_SECONDS
        return max(demand.seconds, MIN_TASK_SECONDS)


@dataclass(frozen=True)
class Capacity:
    """A pool, as the provider of its nodes knows it."""

    desired: int
    """Number of nodes that the provider is to have."""
    existing: int
    """Nodes that exist, booting or joined, without those in `ending`."""
    blocked_until: float = 0.0
    """Until then the pool does not grow and others take its work: no capacity, or nodes fail to launch."""
    failures: int = 0
    """Launches that failed in a row. From `MAX_FAILURES` on, the pool launches one node at a time."""
    ending: frozenset[str] = frozenset()
    """Names of nodes that the provider terminates. They are no longer part of `desired`."""
    serving: frozenset[str] = frozenset()
    """Names of nodes that are ready for the provider, as far as it knows that."""
    spot_prices: tuple[float, ...] = ()
    """Prices in USD per hour of those nodes, existing or ending, that are spot instances, where known."""


@dataclass
class Memory:
    """What is remembered of a pool between decisions. A new one is safe: it only delays scale-in."""

    wants: deque[tuple[float, int]] = field(default_factory=deque)
    """Time and number of nodes wanted, with decreasing numbers: the first is the largest of the window."""
    since: float | None = None
    """Start of observations without a gap."""
    last: float | None = None
    """Last observation."""
    absent: dict[str, float] = field(default_factory=dict)
    """Since when nodes in service have no workers."""
    ended: list[float] = field(default_factory=list)
    """Times at which such nodes were ended."""


@dataclass(frozen=True)
class Limits:
    """Limits of the whole cluster."""

    max_nodes: int | None = None
    """Largest number of nodes of all pools; None: no limit."""
    max_hourly_cost: float | None = None
    """Largest cost of scheduler and nodes in USD per hour; None: no limit."""
    scheduler_usd_per_hour: float = 0.0
    """Price of the scheduler's node, which counts for `max_hourly_cost`."""
    memory_share: float = 0.6
    """Share of the memory limits above which results ask for another node: Dask spills from 60 %."""
    drain_share: float = 0.5
    """Share of a pool's nodes that drain at the same time; at least one does."""


Kind = Literal["out", "in", "back", "lower", "replace", "end"]


@dataclass(frozen=True)
class Action:
    """A change of a pool."""

    kind: Kind
    """
    `out`: raise the provider's number of nodes to `to`. `in`: drain `nodes`, then terminate them.
    `back`: undo the drain of `nodes`. `lower`: lower the number to `to`, which ends no node.
    `replace`: terminate `nodes`, which have no workers, and start others. `end`: only terminate them.
    """
    pool: str
    to: int = 0
    nodes: tuple[str, ...] = ()
    why: str = ""


Limit = Literal["maxSize", "maxNodes", "maxHourlyCost", "capacity", "launch"]


@dataclass(frozen=True)
class Decision:
    """All changes of one tick."""

    wants: Mapping[str, int]
    """Number of nodes that each pool should have, from `min_size` to `max_size`."""
    actions: Sequence[Action]
    unsatisfiable: Sequence[Demand]
    """Tasks that no pool can ever run. Nothing scales for them."""
    limited: Mapping[str, Limit]
    """Pools that get fewer nodes than their work needs, with the limit."""
    demand: Mapping[str, int]
    """Number of tasks that count for each pool."""
