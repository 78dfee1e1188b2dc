"""Nodes in service of which no worker is at the scheduler, such as after a worker that cannot start."""

from collections.abc import Iterable
from math import floor

from cdktf_dask.autoscaler.model import Memory
from cdktf_dask.autoscaler.window import MAX_GAP_SECONDS

ABSENT_SECONDS = 600.0
"""How long a node may be in service without workers. They join within seconds after their node is ready."""

SHARE = 0.1
"""Share of a pool's nodes that end within `ABSENT_SECONDS`, at least one: the cause may be a common one."""


def absent(memory: Memory, serving: Iterable[str], known: Iterable[str], now: float) -> list[str]:
    """Remembers which nodes have no workers, and returns those that are to end now. Call it once a tick.

    Call it before `window.largest`, which notes the time. A time without observations starts the time of all
    nodes again, because their workers were possibly there.

    Args:
        memory: Memory of the pool.
        serving: Nodes that the provider takes for ready.
        known: Nodes with workers at the scheduler.
        now: Seconds of the clock of `memory`.
    """
    if memory.last is None or not 0 <= now - memory.last <= MAX_GAP_SECONDS:
        memory.absent.clear()
    there, here = sorted(serving), set(known)
    memory.absent = {name: memory.absent.get(name, now) for name in there if name not in here}
    memory.ended = [at for at in memory.ended if now - at < ABSENT_SECONDS]
    due = [name for name, since in memory.absent.items() if now - since >= ABSENT_SECONDS]
    # If the nodes at the scheduler have other names than expected, none is absent.
    lack = len(there) - len(here)
    most = max(1, floor(SHARE * len(there))) - len(memory.ended)
    chosen = due[: max(0, min(lack, most))]
    memory.ended += [now] * len(chosen)
    for name in chosen:
        # If the provider refuses, the time begins again.
        del memory.absent[name]
    return chosen
