"""A worker process as the scheduler sees it."""

from __future__ import annotations

from dataclasses import dataclass

UNNAMED = "unnamed"


@dataclass(frozen=True, eq=False)
class Worker:
    """A worker process as the scheduler sees it."""

    address: str
    name: str
    resources: dict[str, float]
    nthreads: int
    status: str

    @property
    def pool(self) -> str:
        """Workers are named `<pool>--<node>`, with `-<i>` at the end if a node runs several."""
        pool, separator, _ = self.name.partition("--")
        return pool if separator else UNNAMED
