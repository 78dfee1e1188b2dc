"""How one check can end, and what the checks share while they run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client, Security

    from expectation import Expectation
    from worker import Worker

PASSED, FAILED, ABSENT, SKIPPED = "passed", "failed", "absent", "skipped"


class CheckFailed(Exception):
    """The cluster does not do what was checked. After a `fatal` failure later checks would tell nothing."""

    def __init__(self, reason: str, *, fatal: bool = False):
        super().__init__(reason)
        self.fatal = fatal


class Absent(Exception):
    """What would be checked is not part of this cluster, so nothing was shown either way."""


@dataclass(frozen=True)
class Outcome:
    """The result of one check, as it stands in the JSON report."""

    name: str
    status: str
    seconds: float
    detail: str


@dataclass
class Run:
    """What the checks of one run share. Each check may set `note`: what it is waiting for just now."""

    address: str
    security: Security
    expectation: Expectation | None
    scheduler_versions: dict | None = None
    client: Client | None = None
    workers: list[Worker] = field(default_factory=list)
    ends: float = 0.0
    """Clock time (time.monotonic) at which the current check is given up."""
    note: str = ""
