"""How one check can end, and what the checks share while they run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client, Security

    from .expectation import Expectation
    from .worker import Worker

PASSED, FAILED, ABSENT, SKIPPED = "passed", "failed", "absent", "skipped"


class CheckFailed(Exception):
    """The cluster does not do what was checked. After a `fatal` failure the later checks are skipped."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.fatal = fatal


class NotApplicable(Exception):
    """The cluster does not have what the check tests. Its status is then `absent`."""


@dataclass(frozen=True)
class Outcome:
    """The result of one check, as in the JSON report."""

    name: str
    status: str
    seconds: float
    detail: str


@dataclass
class Run:
    """What the checks of one run share. Each check may set `note`: what it is waiting for."""

    address: str
    security: Security
    expectation: Expectation | None
    scheduler_versions: dict[str, Any] = field(default_factory=dict)
    """Answer of the scheduler's operation `versions`; empty before the check `scheduler`."""
    connection: Client | None = None
    """None before the check `client`."""
    workers: list[Worker] = field(default_factory=list)
    ends: float = 0.0
    """Deadline of the current check, by time.monotonic."""
    note: str = ""

    @property
    def client(self) -> Client:
        """The connected client. Raises RuntimeError before the check `client`."""
        if self.connection is None:
            raise RuntimeError("the check `client` has not run yet")
        return self.connection
