"""What is known of a cluster: its pools and nodes, and what is wrong with them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from cdktf_dask.client.errors import ConnectError, Refused

SCHEDULER = "scheduler"
"""Stands for the pool of the scheduler's node; `lib/config/rules/pools.ts` reserves the name."""

WITH_WORKERS = ("ready", "booting", "draining")
"""States in which a node may have workers."""

MAX_TEXT = 256
"""Characters of a text of a node: those of the value of a tag (Amazon EC2 User Guide, "Tag restrictions")."""


def printable(text: str) -> str:
    """The text of a node for a terminal: cut, and without escape sequences and line breaks."""
    return "".join(char if char.isprintable() else "?" for char in text[:MAX_TEXT])


@dataclass
class Node:
    """A node: an instance on AWS, or a program of the local supervisor."""

    id: str
    pool: str
    """Name of its pool, or `scheduler`."""
    state: str
    """`booting`, `ready`, `failed`, `draining`, `stopping`, `stopped` or `terminated`."""
    host: str = ""
    """End of the name of its workers, such as `ip-10-20-0-17` of `cpu--ip-10-20-0-17`."""
    reason: str = ""
    """Why it failed or was terminated."""
    started: datetime | None = None
    instance_type: str | None = None
    zone: str | None = None
    spot: bool = False
    workers: int | None = None
    """Workers that are registered at the scheduler; None if the scheduler was not asked."""
    memory: int = 0
    """Memory that its workers use, in bytes."""
    memory_limit: int = 0
    """Sum of the memory limits of its workers, in bytes."""
    tasks: dict[str, int] = field(default_factory=dict)
    """Tasks of its workers by Dask's state, such as `executing`."""
    usd_per_hour: float | None = None
    """Price of the instance; None if it is unknown."""

    @property
    def name(self) -> str:
        """Name of its only worker; several have a number at the end."""
        return f"{self.pool}--{self.host}"


def find_node(cluster: str, nodes: Iterable[Node], which: str) -> Node:
    """Find a node that runs and has workers, by its id or by the name of its workers.

    Raises:
        Refused: there is none, or it is the scheduler's.
        ConnectError: it does not run.
    """
    hint = "dask-cluster status shows the nodes that run"
    node = next((node for node in nodes if which in (node.id, node.name)), None)
    if node is None:
        raise Refused(f"{cluster} has no node {which!r}", hint)
    if node.pool == SCHEDULER:
        raise Refused(f"{which} is the scheduler's node, which has no workers", "choose a node of a pool")
    if node.state not in ("ready", "booting", "failed"):
        raise ConnectError(f"the node {which} is {node.state}", hint)
    return node


@dataclass(frozen=True)
class Pool:
    """A pool of nodes."""

    name: str
    min_size: int
    max_size: int
    desired_size: int
    reason: str = ""
    """Why its last launch failed."""


@dataclass
class ClusterStatus:
    """State of a cluster at one moment."""

    cluster: str
    place: str
    """Region on AWS, or the folder of a local cluster."""
    pools: list[Pool]
    nodes: list[Node]
    notes: list[str] = field(default_factory=list)
    """What could not be found out, each one sentence."""
    unreachable: bool = False
    """Whether the scheduler did not answer, so that its workers are unknown."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def add_workers(self, add: Callable[[list[Node]], None]) -> None:
        """Have a function add workers to nodes, if a scheduler is ready. If it cannot, a note says why."""
        if not any(node.pool == SCHEDULER for node in self._in("ready")):
            return
        try:
            add([node for node in self.nodes if node.pool != SCHEDULER and node.state in WITH_WORKERS])
        except ConnectError as error:
            self.notes.append(f"workers are unknown: {error}")
            self.unreachable = True

    def problems(self) -> list[str]:
        """What keeps the cluster from working as its definition says; empty for a healthy cluster."""
        found = [f"{node.pool} {node.id} failed: {node.reason}" for node in self._in("failed")]
        if not any(node.pool == SCHEDULER for node in self._in("ready")):
            found.append("no scheduler is ready")
        for pool in self.pools:
            ready = sum(node.pool == pool.name for node in self._in("ready"))
            if ready < pool.desired_size:
                why = f"; the last launch failed: {pool.reason}" if pool.reason else ""
                found.append(f"pool {pool.name}: {ready} of {pool.desired_size} nodes are ready{why}")
        idle = [node for node in self._in("ready") if node.workers == 0 and node.pool != SCHEDULER]
        return found + [f"{node.pool} {node.id} is ready, but has no registered worker" for node in idle]

    def usd_per_hour(self) -> float | None:
        """Price of all instances; None if that of one of them is unknown."""
        running = [node for node in self.nodes if node.state not in ("stopped", "terminated")]
        prices = [node.usd_per_hour for node in running]
        return None if not prices or None in prices else sum(filter(None, prices))

    def document(self) -> dict[str, Any]:
        """The same facts as a JSON object."""
        problems = self.problems()
        return {
            "cluster": self.cluster,
            "place": self.place,
            "at": _time(self.at),
            "healthy": not problems and not self.unreachable,
            "unreachable": self.unreachable,
            "problems": problems,
            "notes": self.notes,
            "usdPerHour": self.usd_per_hour(),
            "pools": [camel(asdict(pool)) for pool in self.pools],
            "nodes": [camel(asdict(node)) | {"started": _time(node.started)} for node in self.nodes],
        }

    def _in(self, state: str) -> list[Node]:
        return [node for node in self.nodes if node.state == state]


def camel(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with names as JSON documents have them."""
    return {
        "".join(part.capitalize() if index else part for index, part in enumerate(name.split("_"))): value
        for name, value in fields.items()
    }


def _time(time: datetime | None) -> str | None:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else None
