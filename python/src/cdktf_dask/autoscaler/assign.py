"""Which pool runs which tasks, and how many nodes that takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, floor

from cdktf_dask.autoscaler.model import Capacity, Demand, Limits, Node, Pool

ROUNDING = 1e-9
"""Sums of fractions this much above a whole number are that number."""


def assign(
    pools: Sequence[Pool], demands: Sequence[Demand], capacity: Mapping[str, Capacity], now: float
) -> tuple[dict[str, list[Demand]], list[Demand]]:
    """Assigns each kind of task to the first pool of the definition that can run it.

    The next pools get what is over if the first is full, or all if it is blocked. A pool is full if its
    largest size does not finish more tasks in its target duration.

    Returns:
        Demands by pool, and the demands that no pool can ever run.
    """
    by_pool: dict[str, list[Demand]] = {pool.name: [] for pool in pools}
    free = {pool.name: 1.0 for pool in pools}
    choices = [(demand, able_pools(pools, demand)) for demand in demands if demand.tasks]
    # Tasks with fewest choices come first, and take the room that the others leave to them.
    for demand, able in sorted(choices, key=lambda choice: len(choice[1])):
        available = [pool for pool in able if capacity[pool.name].blocked_until <= now] or able
        left = demand.tasks
        for pool in available:
            room = _room(pool, demand)
            last = pool is available[-1]
            taken = left if last else min(left, floor(free[pool.name] * room + ROUNDING))
            free[pool.name] = max(0.0, free[pool.name] - taken / room)
            if taken:
                by_pool[pool.name].append(replace(demand, ready=taken, on_workers=0))
            left -= taken
    # Tasks on workers run where no pool could start a worker, such as on one that a user started.
    unsatisfiable = [demand for demand, able in choices if not able and demand.ready]
    return by_pool, unsatisfiable


def able_pools(pools: Sequence[Pool], demand: Demand) -> list[Pool]:
    """Pools that may start nodes for tasks: those without GPUs for tasks without needs, if there are any."""
    able = [pool for pool in pools if pool.max_size > 0 and pool.slots(demand.needs) > 0]
    if demand.needs:
        return able
    return [pool for pool in able if not pool.gpu] or able


def _room(pool: Pool, demand: Demand) -> float:
    """Tasks that the largest size of a pool finishes in its target duration, or runs at the same time."""
    rounds = max(1.0, pool.target_duration / pool.seconds(demand))
    return pool.max_size * pool.slots(demand.needs) * rounds


def needed(pool: Pool, demands: Sequence[Demand], nodes: Sequence[Node], limits: Limits) -> int:
    """Number of nodes that the work needs.

    Enough to finish the work in the target duration, but not more than can run tasks at once, and at least
    one. More if results need the memory, or if all nodes are paused.
    """
    at_once = work = 0.0
    for demand in demands:
        share = demand.tasks / pool.slots(demand.needs)
        at_once += share
        work += share * pool.seconds(demand)
    want = ceil(min(at_once, work / pool.target_duration) - ROUNDING)
    if at_once > 0:
        want = max(want, 1)
    staying = [node for node in nodes if not node.draining]
    used = sum(node.used for node in staying)
    if used > 0:
        want = max(want, ceil(used / limits.memory_share - ROUNDING), 1)
    if staying and at_once > 0 and all(node.paused for node in staying):
        want = max(want, len(staying) + 1)
    return want


def filled(pool: Pool, demands: Sequence[Demand]) -> int:
    """Number of nodes that run all tasks at once. Durations, which may be wrong, do not count."""
    return ceil(sum(demand.tasks / pool.slots(demand.needs) for demand in demands) - ROUNDING)
