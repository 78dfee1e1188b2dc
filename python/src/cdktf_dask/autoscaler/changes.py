"""Changes of one pool, given how many nodes it wants and keeps."""

from collections.abc import Sequence
from math import floor

from cdktf_dask.autoscaler.absent import ABSENT_SECONDS
from cdktf_dask.autoscaler.model import Action, Capacity, Kind, Limits, Node, Pool


class Changes:
    """Changes of a pool.

    Args:
        keep: Number of nodes to keep; None: it is unknown, so nothing leaves.
    """

    def __init__(self, pool: Pool, nodes: Sequence[Node], capacity: Capacity, keep: int | None) -> None:
        self._pool = pool
        self._nodes = nodes
        self._capacity = capacity
        self._returns = [node for node in nodes if node.returns]
        self._leave = sum(node.ordered for node in nodes)
        self._stay = capacity.existing - len(self._returns) - self._leave
        self._keep = None if keep is None else min(max(keep, pool.min_size), pool.max_size)

    def replacing(self, nodes: Sequence[str]) -> list[Action]:
        """Ends nodes without workers. Others start in their place as far as the pool needs so many."""
        surplus = 0 if self._keep is None else max(0, self._stay - self._keep)
        why = f"none of its workers has been at the scheduler for {ABSENT_SECONDS / 60:g} minutes"
        parts: dict[Kind, Sequence[str]] = {"end": nodes[:surplus], "replace": nodes[surplus:]}
        return [
            Action(kind, self._pool.name, nodes=tuple(part), why=why) for kind, part in parts.items() if part
        ]

    def returning(self, want: int) -> list[Action]:
        """Undoes drains, first of nodes with most results: they are there sooner than new nodes."""
        lack = want - self._stay
        back = sorted(self._returns, key=lambda node: (-node.unique_bytes, node.name))[: max(lack, 0)]
        if not back:
            return []
        names = tuple(node.name for node in back)
        return [Action("back", self._pool.name, nodes=names, why=f"{want} are wanted again")]

    def lowering(self, at_once: int | None) -> list[Action]:
        """Gives back capacity that never came.

        Args:
            at_once: Number to keep of a pool that cannot wait for the window; None: the window decides.
        """
        keep = self._keep if at_once is None else at_once
        desired, existing = self._capacity.desired, self._capacity.existing
        if keep is None or desired <= (least := max(keep + self._leave, existing)):
            return []
        why = "capacity that never came is no longer wanted"
        return [Action("lower", self._pool.name, to=least, why=why)]

    def leaving(self, limits: Limits) -> list[Action]:
        """Drains nodes that are not wanted, except held ones: fewest tasks first, then fewest results."""
        if self._keep is None:
            return []
        joined = [node for node in self._nodes if not node.draining]
        # Nodes that boot do not replace nodes that run: they may never join.
        surplus = min(len(joined), self._stay) - self._keep
        most = max(1, floor(limits.drain_share * len(self._nodes))) - (len(self._nodes) - len(joined))
        free = sorted(
            (node for node in joined if not node.held),
            key=lambda node: (node.busy, node.unique_bytes, node.name),
        )
        chosen = tuple(node.name for node in free[: max(0, min(surplus, most))])
        why = f"at most {self._keep} were wanted for {self._pool.idle_timeout:g} s"
        return [Action("in", self._pool.name, nodes=chosen, why=why)] if chosen else []
