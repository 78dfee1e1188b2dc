"""Largest number of nodes that a pool wanted during its idle timeout."""

from cdktf_dask.autoscaler.model import Memory

MAX_GAP_SECONDS = 30.0
"""Longest time without an observation: what was wanted meanwhile is unknown, so the window starts again."""


def largest(memory: Memory, now: float, want: int, idle_timeout: float) -> int | None:
    """Remembers `want` and returns the largest of the last `idle_timeout` seconds.

    Returns:
        None while the window is not full, as after a restart: the pool must not scale in.
    """
    if memory.since is None or memory.last is None or not 0 <= now - memory.last <= MAX_GAP_SECONDS:
        memory.since = now
        memory.wants.clear()
    memory.last = now
    while memory.wants and memory.wants[-1][1] <= want:
        memory.wants.pop()
    memory.wants.append((now, want))
    while memory.wants[0][0] < now - idle_timeout:
        memory.wants.popleft()
    return memory.wants[0][1] if now - memory.since >= idle_timeout else None
