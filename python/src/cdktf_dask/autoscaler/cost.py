"""Cost of nodes: node-seconds multiplied by prices, without minimum charges, taxes and discounts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cdktf_dask.autoscaler.model import Capacity, Node, Pool

HOUR = 3600.0

MAX_GAP_SECONDS = 600.0
"""Longest time between two records for which nodes count. In a longer one, it is unknown which nodes ran."""

VERSION = 1
"""Version of the saved meter."""

HINT = "Hint: remove the file with the cost"


@dataclass(frozen=True)
class Usage:
    """Nodes of a pool at one moment."""

    nodes: int
    """Nodes that are paid for, booting and ending ones included."""
    idle: int = 0
    """Those with workers and without tasks."""
    usd_per_hour: float | None = None
    """Price of a node in the mean; None if it is unknown."""

    @property
    def hourly(self) -> float | None:
        """Cost in USD per hour; None if it is unknown."""
        if not self.nodes:
            return 0.0
        return None if self.usd_per_hour is None else self.nodes * self.usd_per_hour


@dataclass
class Cost:
    """What a pool has cost."""

    node_seconds: float = 0.0
    idle_node_seconds: float = 0.0
    usd: float = 0.0
    idle_usd: float = 0.0
    unpriced_node_seconds: float = 0.0
    """Part of `node_seconds` without a known price, which `usd` lacks."""

    def add(self, before: Usage, after: Usage, seconds: float) -> None:
        """Adds the time between two records; the numbers of nodes count half each."""
        nodes = (before.nodes + after.nodes) / 2 * seconds
        idle = (before.idle + after.idle) / 2 * seconds
        price = after.usd_per_hour if before.usd_per_hour is None else before.usd_per_hour
        self.node_seconds += nodes
        self.idle_node_seconds += idle
        if price is None:
            self.unpriced_node_seconds += nodes
        else:
            self.usd += nodes * price / HOUR
            self.idle_usd += idle * price / HOUR


def usage(
    pools: Sequence[Pool], nodes: Mapping[str, Sequence[Node]], capacity: Mapping[str, Capacity]
) -> dict[str, Usage]:
    """Nodes of each pool: those that exist or end, and the idle ones among those that the scheduler knows."""
    return {
        pool.name: Usage(
            nodes=_paid(capacity[pool.name]),
            idle=sum(not node.busy and not node.draining for node in nodes.get(pool.name, ())),
            usd_per_hour=_mean_price(pool, capacity[pool.name]),
        )
        for pool in pools
    }


def _paid(capacity: Capacity) -> int:
    return capacity.existing + len(capacity.ending)


def _mean_price(pool: Pool, capacity: Capacity) -> float | None:
    """Price of a node in the mean: spot instances of known price, and others on demand."""
    spot = capacity.spot_prices
    on_demand = _paid(capacity) - len(spot)
    if not spot or (on_demand and pool.usd_per_hour is None):
        return pool.usd_per_hour
    return (sum(spot) + on_demand * (pool.usd_per_hour or 0.0)) / _paid(capacity)


@dataclass
class Meter:
    """Adds up what pools cost. Save it after each record, and restore it after a restart.

    Times are seconds since the epoch, as they must be comparable after a restart.
    """

    costs: dict[str, Cost] = field(default_factory=dict)
    """Cost by pool; the scheduler's node may be one of them."""
    last: dict[str, Usage] = field(default_factory=dict)
    """Usage of the last record."""
    at: float | None = None
    """Time of the last record."""
    unobserved_seconds: float = 0.0
    """Time in which no cost was counted, as the gap between two records was too long."""

    def record(self, now: float, current: Mapping[str, Usage]) -> None:
        """Adds the time since the last record. A clock that was set back counts as no time."""
        seconds = 0.0 if self.at is None else max(0.0, now - self.at)
        if seconds > MAX_GAP_SECONDS:
            self.unobserved_seconds += seconds
            seconds = 0.0
        for pool in {**self.last, **current}:
            before = self.last.get(pool, Usage(0))
            self.costs.setdefault(pool, Cost()).add(before, current.get(pool, Usage(0)), seconds)
        self.at, self.last = now, dict(current)

    @property
    def total(self) -> float:
        """Cost of all pools so far in USD, as far as prices are known."""
        return sum(cost.usd for cost in self.costs.values())

    @property
    def idle(self) -> float:
        """Part of `total` that idle nodes cost."""
        return sum(cost.idle_usd for cost in self.costs.values())

    @property
    def hourly(self) -> float:
        """Cost of all nodes of the last record in USD per hour, as far as prices are known."""
        return sum(used.hourly or 0.0 for used in self.last.values())

    @property
    def unpriced(self) -> list[str]:
        """Pools with nodes of unknown price."""
        return sorted(name for name, used in self.last.items() if used.hourly is None)

    def saved(self) -> dict[str, Any]:
        """The meter as JSON."""
        return {"version": VERSION} | asdict(self)

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "Meter":
        """The meter from `saved`.

        Raises:
            ValueError: It is no saved meter of this version.
        """
        version, at = saved.get("version"), saved.get("at")
        if version != VERSION:
            raise ValueError(f"version: got {version!r}, expected {VERSION}. {HINT}")
        if not isinstance(at, (int, float, type(None))):
            raise ValueError(f"at: got {at!r}, expected seconds. {HINT}")
        try:
            return cls(
                costs={name: Cost(**cost) for name, cost in saved["costs"].items()},
                last={name: Usage(**used) for name, used in saved["last"].items()},
                at=at,
                unobserved_seconds=saved["unobserved_seconds"],
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"got {error}, expected a saved meter. {HINT}") from error
