"""How many nodes each pool gets within the limits of the cluster."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from cdktf_dask.autoscaler.model import Capacity, Limit, Limits, Pool

CENT_FRACTION = 1e-9
"""Rounding of sums of prices, in USD per hour."""


class Grants:
    """Numbers of nodes of all pools, first those that they have. A node is added only within all limits.

    Attributes:
        nodes: Number of nodes by pool.
        limited: The limit that a pool has met.
    """

    def __init__(self, pools: Sequence[Pool], capacity: Mapping[str, Capacity], limits: Limits) -> None:
        self.nodes = {pool.name: capacity[pool.name].desired for pool in pools}
        self.limited: dict[str, Limit] = {}
        self._limits = limits
        self._total = sum(self.nodes.values())
        self._cost = limits.scheduler_usd_per_hour
        self._cost += sum(self.nodes[pool.name] * (pool.usd_per_hour or 0.0) for pool in pools)

    def grow(self, pools: Iterable[Pool], wants: Mapping[str, int]) -> None:
        """Adds nodes up to `wants`: one to each pool in turn, so that no pool takes all that is left."""
        growing = [pool for pool in pools if self.nodes[pool.name] < wants[pool.name]]
        while growing:
            growing = [
                pool for pool in growing if self._add(pool) and self.nodes[pool.name] < wants[pool.name]
            ]

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
        nodes, cost = self._limits.max_nodes, self._limits.max_hourly_cost
        if nodes is not None and self._total + 1 > nodes:
            return "maxNodes"
        price = inf if pool.usd_per_hour is None else pool.usd_per_hour
        if cost is not None and self._cost + price > cost + CENT_FRACTION:
            return "maxHourlyCost"
        return None
