"""Clusters that hang: workers have tasks, but none finishes and no CPU is in use (dask/distributed#6825)."""

from collections.abc import Iterable
from dataclasses import dataclass

from cdktf_dask.autoscaler.model import Node

MAX_CPU_PERCENT = 5.0
"""CPU use of a node below which it does nothing: heartbeats and the nanny's checks use 1 to 2 %."""


@dataclass(frozen=True)
class Hung:
    """A cluster that hangs."""

    seconds: float
    """Time without a finished task and without CPU use."""
    nodes: tuple[str, ...]
    """Nodes with tasks, those with most first."""
    tasks: int

    def __str__(self) -> str:
        shown = ", ".join(self.nodes[:3]) + (", …" if len(self.nodes) > 3 else "")
        return (
            f"no task has finished for {self.seconds / 3600:.1f} h, {self.tasks} tasks are on {shown}, "
            f"and all nodes use less than {MAX_CPU_PERCENT:g} % of their CPUs. "
            "Hint: look at the call stacks on the dashboard, then cancel the tasks or restart the workers"
        )


class HungWatch:
    """Watches for a cluster that hangs.

    Args:
        after: Seconds without progress after which it does; None: never.
    """

    def __init__(self, after: float | None) -> None:
        self._after = after
        self._since: float | None = None
        self._finished: dict[str, int] = {}

    def observe(self, nodes: Iterable[Node], now: float) -> Hung | None:
        """The state at one moment. Returns a result as long as the cluster hangs: report the first."""
        nodes = list(nodes)
        busy = sorted((node for node in nodes if node.busy), key=lambda node: (-node.busy, node.name))
        # The counter of a node starts again if its workers restart.
        finished = any(node.finished > self._finished.get(node.name, node.finished) for node in nodes)
        self._finished = {node.name: node.finished for node in nodes}
        if not busy or finished or any(node.cpu >= MAX_CPU_PERCENT for node in nodes):
            self._since = None
            return None
        if self._since is None:
            self._since = now
        seconds = now - self._since
        if self._after is None or seconds < self._after:
            return None
        return Hung(seconds, tuple(node.name for node in busy), sum(node.busy for node in busy))
