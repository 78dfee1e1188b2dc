"""The decision of one tick: pure, without a clock, without Dask, without a provider."""

from collections.abc import Mapping, MutableMapping, Sequence
from math import floor

from cdktf_dask.autoscaler.assign import assign, needed
from cdktf_dask.autoscaler.grants import Grants
from cdktf_dask.autoscaler.model import Action, Capacity, Decision, Demand, Limits, Memory, Node, Pool
from cdktf_dask.autoscaler.window import largest


def decide(
    pools: Sequence[Pool],
    demands: Sequence[Demand],
    nodes: Mapping[str, Sequence[Node]],
    capacity: Mapping[str, Capacity],
    memories: MutableMapping[str, Memory],
    limits: Limits,
    now: float,
) -> Decision:
    """Decides what to change. Call it once a tick, with what is true at that moment.

    Scale-out follows the work at once. Scale-in follows the largest number of nodes that was wanted during
    the idle timeout, so that a node stays at least that long after it was last wanted.

    Args:
        pools: Pools in the order of the definition: the first that can run a task gets it.
        demands: Tasks by kind.
        nodes: Nodes that the scheduler knows, by pool.
        capacity: Capacity of every pool.
        memories: Memory by pool; empty at first, changed by each call.
        limits: Limits of the cluster.
        now: Seconds of the clock of `Capacity.blocked_until`.
    """
    by_pool, unsatisfiable = assign(pools, demands, capacity, now)
    here = {
        p.name: [n for n in nodes.get(p.name, ()) if n.name not in capacity[p.name].ending] for p in pools
    }
    raw = {p.name: needed(p, by_pool[p.name], here[p.name], limits) for p in pools}
    wants = {p.name: min(max(raw[p.name], p.min_size), p.max_size) for p in pools}
    blocked = {p.name for p in pools if capacity[p.name].blocked_until > now}
    grants = Grants(pools, capacity, limits)
    available = [pool for pool in pools if pool.name not in blocked]
    # What pools must have comes before what other pools want.
    grants.grow(available, {pool.name: pool.min_size for pool in pools})
    grants.grow(available, wants)
    limited = dict(grants.limited)
    for pool in pools:
        if pool.name in blocked and wants[pool.name] > capacity[pool.name].existing:
            limited[pool.name] = "capacity"
        elif raw[pool.name] > pool.max_size:
            limited.setdefault(pool.name, "maxSize")
    scarce = any(limit in ("maxNodes", "maxHourlyCost") for limit in limited.values())

    actions: list[Action] = []
    tasks = {pool.name: sum(demand.tasks for demand in by_pool[pool.name]) for pool in pools}
    for pool in pools:
        name, want = pool.name, wants[pool.name]
        memory = memories.setdefault(name, Memory())
        there = Pooled(pool, here[name], capacity[name], largest(memory, now, want, pool.idle_timeout))
        actions += there.returning(want)
        if grants.nodes[name] > capacity[name].desired:
            why = f"{tasks[name]} tasks want {want}"
            actions.append(Action("out", name, to=grants.nodes[name], why=why))
        else:
            actions += there.lowering(want if scarce and name in blocked else None) or there.leaving(limits)
    return Decision(wants, actions, unsatisfiable, limited, tasks)


class Pooled:
    """A pool with its nodes and the number to keep; None: what to keep is unknown, so nothing leaves."""

    def __init__(self, pool: Pool, nodes: Sequence[Node], capacity: Capacity, keep: int | None) -> None:
        self._pool = pool
        self._nodes = nodes
        self._capacity = capacity
        self._returns = [node for node in nodes if node.returns]
        self._keep = None if keep is None else min(max(keep, pool.min_size), pool.max_size)

    def returning(self, want: int) -> list[Action]:
        """Undoes drains, first of nodes with most results: they are there sooner than new nodes."""
        lack = want - (self._capacity.existing - len(self._returns))
        back = sorted(self._returns, key=lambda node: (-node.unique_bytes, node.name))[: max(lack, 0)]
        if not back:
            return []
        names = tuple(node.name for node in back)
        return [Action("back", self._pool.name, nodes=names, why=f"{want} are wanted again")]

    def lowering(self, at_once: int | None) -> list[Action]:
        """Gives back capacity that never came.

        Args:
            at_once: Number to keep if others need what a blocked pool waits for; None: what the window says.
        """
        keep = self._keep if at_once is None else at_once
        desired, existing = self._capacity.desired, self._capacity.existing
        if keep is None or desired <= max(keep, existing):
            return []
        why = "capacity that never came is no longer wanted"
        return [Action("lower", self._pool.name, to=max(keep, existing), why=why)]

    def leaving(self, limits: Limits) -> list[Action]:
        """Drains nodes that are not wanted, except held ones: fewest tasks first, then fewest results."""
        if self._keep is None:
            return []
        joined = [node for node in self._nodes if not node.draining]
        # Nodes that boot do not replace nodes that run: they may never join.
        surplus = min(len(joined), self._capacity.existing - len(self._returns)) - self._keep
        most = max(1, floor(limits.drain_share * len(self._nodes))) - (len(self._nodes) - len(joined))
        free = sorted(
            (node for node in joined if not node.held),
            key=lambda node: (node.busy, node.unique_bytes, node.name),
        )
        chosen = tuple(node.name for node in free[: max(0, min(surplus, most))])
        why = f"at most {self._keep} were wanted for {self._pool.idle_timeout:g} s"
        return [Action("in", self._pool.name, nodes=chosen, why=why)] if chosen else []
