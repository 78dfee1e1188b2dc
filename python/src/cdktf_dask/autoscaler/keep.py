"""Results that keep nodes alive while nothing runs: after a time they are given up, announced before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cdktf_dask.autoscaler.model import KEPT, Demand, Node

NOTICE_SECONDS = 3600.0
"""Time between the announcement and the end of the nodes; half of `keepResults` if that is shorter."""


@dataclass(frozen=True)
class Keeping:
    """Results that keep nodes alive."""

    until: float
    """Time at which they are given up."""
    announced: bool
    """Whether to announce it."""
    released: bool
    """Whether the time has come."""


class Keeper:
    """Watches for results that keep nodes alive while nothing runs. A restart starts the time again.

    Args:
        seconds: Time after which results are given up; None: never.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def observe(self, demands: Iterable[Demand], nodes: Iterable[Node], now: float) -> Keeping | None:
        """The state at one moment.

        Args:
            demands: Tasks that some pool can run: others never run, so nothing waits for them.
            nodes: Nodes of all pools.
            now: Time of any clock.

        Returns:
            None as long as something runs or no node has results.
        """
        nodes = list(nodes)
        working = any(demand.tasks for demand in demands) or any(node.busy for node in nodes)
        holding = any(node.used > 0 or node.unique_bytes > 0 for node in nodes)
        if working or not holding or self._seconds is None:
            self._since = None
            return None
        if self._since is None:
            self._since = now
        until = self._since + self._seconds
        notice = min(NOTICE_SECONDS, self._seconds / 2)
        return Keeping(until, announced=now >= until - notice, released=now >= until)


def without_results(nodes: Mapping[str, Sequence[Node]]) -> dict[str, list[Node]]:
    """Nodes as if they had no results. Actors still hold theirs: clients call them without the scheduler."""
    return {
        pool: [
            replace(node, used=0.0, unique_bytes=0, held="" if node.held == KEPT else node.held)
            for node in found
        ]
        for pool, found in nodes.items()
    }
