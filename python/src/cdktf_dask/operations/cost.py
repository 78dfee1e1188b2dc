"""What a cluster costs: its instances now, and what its autoscaler has counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from prometheus_client.parser import text_string_to_metric_families

from cdktf_dask.autoscaler.metrics import PREFIX
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.operations.facts import SCHEDULER, ClusterStatus

NOT_PAID = ("stopped", "terminated")
"""States of nodes that cost nothing but their disks."""

COUNTERS = {
    "node_seconds_total": "node_seconds",
    "idle_node_seconds_total": "idle_node_seconds",
    "cost_dollars_total": "usd",
}
"""Field of each metric of the autoscaler."""


@dataclass
class PoolCost:
    """Cost of a pool, or of the scheduler's node. None is unknown."""

    name: str
    nodes: int = 0
    """Nodes that cost something now."""
    usd_per_hour: float | None = None
    """Price of all of them, by AWS."""
    node_seconds: float | None = None
    """Time of all nodes so far, by the autoscaler."""
    idle_node_seconds: float | None = None
    """Part of it without a task."""
    usd: float | None = None
    """Cost so far, by the autoscaler: with the prices of the definition; spot instances with those of EC2."""


def costs_now(status: ClusterStatus) -> list[PoolCost]:
    """Number of nodes and price of each pool, the scheduler first."""
    found = []
    for name in (SCHEDULER, *(pool.name for pool in status.pools)):
        nodes = [node for node in status.nodes if node.pool == name and node.state not in NOT_PAID]
        prices = [node.usd_per_hour for node in nodes]
        found.append(PoolCost(name, len(nodes), total(prices)))
    return found


def add_counters(costs: Iterable[PoolCost], page: str) -> None:
    """Add what the autoscaler has counted.

    Args:
        costs: Cost of each pool.
        page: Its metrics as text.

    Raises:
        ConnectError: the page is not that of an autoscaler.
    """
    by_name = {cost.name: cost for cost in costs}
    try:
        samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    except (ValueError, IndexError, KeyError) as error:
        hint = "dask-cluster logs shows the scheduler's log"
        raise ConnectError("the metrics of the autoscaler cannot be read", hint) from error
    for sample in samples:
        field = COUNTERS.get(sample.name.removeprefix(PREFIX))
        cost = by_name.get(sample.labels.get("pool", ""))
        if field and cost and sample.name.startswith(PREFIX) and isfinite(sample.value):
            setattr(cost, field, sample.value)


def all_pools(costs: Iterable[PoolCost]) -> PoolCost:
    """Sum of all pools. A sum is unknown if a part of it is."""
    pools = list(costs)
    # Before the first node of a pool, and without a price of the scheduler, its counters are missing.
    counted = [pool for pool in pools if pool.node_seconds is not None]
    return PoolCost(
        "all",
        sum(pool.nodes for pool in pools),
        total(pool.usd_per_hour for pool in pools),
        total(pool.node_seconds for pool in counted) if counted else None,
        total(pool.idle_node_seconds for pool in counted) if counted else None,
        total(pool.usd for pool in counted) if counted else None,
    )


def total(amounts: Iterable[float | None]) -> float | None:
    """Sum, or None if an amount is unknown."""
    known = list(amounts)
    return None if None in known else sum(filter(None, known))
