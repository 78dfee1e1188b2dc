"""The decision of one tick: pure, without a clock, without Dask, without a provider."""

from collections.abc import Mapping, MutableMapping, Sequence

from cdktf_dask.autoscaler.absent import absent
from cdktf_dask.autoscaler.assign import assign, filled, needed
from cdktf_dask.autoscaler.changes import Changes
from cdktf_dask.autoscaler.grants import Grants
from cdktf_dask.autoscaler.model import Action, Capacity, Decision, Demand, Limit, Limits, Memory, Node, Pool
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
    the idle timeout, so that a node stays at least that long after it was last wanted. Nodes that tasks fill
    stay, too: fewer would be paid for the same time in sum. So without new tasks, no scale-out follows a
    scale-in, whatever durations are measured.

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
        pool.name: [node for node in nodes.get(pool.name, ()) if node.name not in capacity[pool.name].ending]
        for pool in pools
    }
    raw = {pool.name: needed(pool, by_pool[pool.name], here[pool.name], limits) for pool in pools}
    wants = {pool.name: min(max(raw[pool.name], pool.min_size), pool.max_size) for pool in pools}
    tasks = {pool.name: sum(demand.tasks for demand in by_pool[pool.name]) for pool in pools}
    grants = Grants(pools, capacity, {name: len(found) for name, found in here.items()}, limits, now)
    # What pools must have comes before what other pools want.
    leave = {name: sum(node.ordered for node in found) for name, found in here.items()}
    grants.grow(pools, {pool.name: _beside(leave[pool.name], pool.min_size, pool) for pool in pools})
    grants.grow(pools, {pool.name: _beside(leave[pool.name], wants[pool.name], pool) for pool in pools})
    full: dict[str, Limit] = {pool.name: "maxSize" for pool in pools if raw[pool.name] > pool.max_size}
    limited = full | grants.limited

    actions: list[Action] = []
    for pool in pools:
        name, want = pool.name, wants[pool.name]
        memory = memories.setdefault(name, Memory())
        without = absent(memory, capacity[name].serving, [node.name for node in here[name]], now)
        keep = largest(memory, now, want, pool.idle_timeout)
        if keep is not None:
            keep = max(keep, filled(pool, by_pool[name]))
        changes = Changes(pool, here[name], capacity[name], keep)
        actions += changes.replacing(without)
        actions += changes.returning(want)
        if grants.nodes[name] > capacity[name].desired:
            why = f"{tasks[name]} tasks want {want}" + (
                f" beside {leave[name]} that leave" * bool(leave[name])
            )
            actions.append(Action("out", name, to=grants.nodes[name], why=why))
        else:
            actions += changes.lowering(grants.waits_for(pool, want)) or changes.leaving(limits)
    return Decision(wants, actions, unsatisfiable, limited, tasks)


def _beside(leave: int, size: int, pool: Pool) -> int:
    """Size of a pool of which an operator takes nodes away: others come as long as there is room."""
    return min(size + leave, pool.max_size) if size else 0
