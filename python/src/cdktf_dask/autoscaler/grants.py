"""How many nodes each pool gets within the limits of the cluster."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from cdktf_dask.autoscaler.model import MAX_FAILURES, Capacity, Limit, Limits, Pool

ROUNDING = 1e-9
"""Rounding of sums of prices, in USD per hour."""


class Grants:
    """Numbers of nodes of all pools, first those that they have. A node is added only within all limits.

    Attributes:
        nodes: Number of nodes by pool.
        limited: Limit that keeps a pool from having what it wants.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        capacity: Mapping[str, Capacity],
        joined: Mapping[str, int],
        limits: Limits,
        now: float,
    ) -> None:
        self.nodes = {pool.name: capacity[pool.name].desired for pool in pools}
        self.limited: dict[str, Limit] = {}
        self._capacity = capacity
        self._joined = joined
        self._limits = limits
        self._now = now
        self._total = sum(self.nodes.values())
        self._cost = limits.scheduler_usd_per_hour
        self._cost += sum(self.nodes[pool.name] * (pool.usd_per_hour or 0.0) for pool in pools)

    def grow(self, pools: Iterable[Pool], wants: Mapping[str, int]) -> None:
        """Adds nodes up to `wants`, one to each pool in turn, so that no pool takes all that is left."""
        growing = list(pools)
        for pool in growing:
            if self._blocked(pool) and wants[pool.name] > self._capacity[pool.name].existing:
                self.limited[pool.name] = "launch" if self._failing(pool) else "capacity"
        while growing := [pool for pool in growing if self.nodes[pool.name] < wants[pool.name]]:
            growing = [pool for pool in growing if self._add(pool)]

    def waits_for(self, pool: Pool, want: int) -> int | None:
        """Number of nodes above which a blocked pool must not wait for more; None: it may wait.

        It must not if launches fail, as each costs, and if others need the nodes at a limit of the cluster.
        """
        if not self._blocked(pool):
            return None
        if self._failing(pool):
            return 0
        scarce = not {"maxNodes", "maxHourlyCost"}.isdisjoint(self.limited.values())
        return want if scarce else None

    def _blocked(self, pool: Pool) -> bool:
        return self._capacity[pool.name].blocked_until > self._now

    def _failing(self, pool: Pool) -> bool:
        return self._capacity[pool.name].failures >= MAX_FAILURES

    def _add(self, pool: Pool) -> bool:
        limit = self._limit(pool)
        if limit:
            self.limited[pool.name] = limit
            return False
        self.nodes[pool.name] += 1
        self._total += 1
        self._cost += pool.usd_per_hour or 0.0
        return True

    def _limit(self, pool: Pool) -> Limit | None:
        """The limit that one more node would exceed. A node of unknown price exceeds any limit of cost."""
        if self._failing(pool) and (self._blocked(pool) or self.nodes[pool.name] > self._joined[pool.name]):
            return "launch"
        if self._blocked(pool):
            return "capacity"
        if self._limits.max_nodes is not None and self._total >= self._limits.max_nodes:
            return "maxNodes"
        if self._limits.max_hourly_cost is not None:
            price = inf if pool.usd_per_hour is None else pool.usd_per_hour
            if self._cost + price > self._limits.max_hourly_cost + ROUNDING:
                return "maxHourlyCost"
        return None
