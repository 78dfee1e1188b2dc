"""Launches of a pool that fail: how long to wait before the next. Providers have one for each pool."""

from cdktf_dask.autoscaler.model import MAX_FAILURES

FIRST_WAIT_SECONDS = 60.0
"""Wait after `MAX_FAILURES` launches that failed in a row; it doubles with each further one."""

MAX_WAIT_SECONDS = 3600.0
"""Longest wait."""


class Launches:
    """Launches of a pool.

    Attributes:
        failures: Launches that failed since a node last joined.
        blocked_until: End of the wait; 0 without one.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.blocked_until = 0.0

    def joined(self) -> None:
        """A node has joined: launches work."""
        self.failures = 0
        self.blocked_until = 0.0

    def failed(self, now: float) -> None:
        """A node has ended before it joined."""
        self.failures += 1
        if self.failures >= MAX_FAILURES:
            wait = FIRST_WAIT_SECONDS * 2.0 ** min(self.failures - MAX_FAILURES, 16)
            self.blocked_until = now + min(wait, MAX_WAIT_SECONDS)
