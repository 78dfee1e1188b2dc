"""Client of the scheduler's preload `serve_autoscaling`: HTTP on this computer, JSON in both directions.

The scheduler runs code of clients, so its answers are not trusted: what has other types than expected is
no answer.
"""

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar

from cdktf_dask.autoscaler.model import Demand, Node

T = TypeVar("T")

SNAPSHOT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
"""Time in addition to what a drain may take."""

MAX_BYTES = 64 * 1024 * 1024
"""Size of an answer; that of 1,000 workers has 162 kB (measured)."""


class SchedulerError(RuntimeError):
    """The scheduler does not answer as expected. Its text is one sentence."""


@dataclass(frozen=True)
class SeenNode:
    """A node, and its workers."""

    node: Node
    workers: tuple[str, ...]
    """Addresses."""


@dataclass(frozen=True)
class Snapshot:
    """What the scheduler knows at one moment."""

    scheduler: str
    """Identity of the process: another one has no tasks of the first."""
    demands: tuple[Demand, ...]
    prefixes: Mapping[Demand, str]
    """Beginning of the keys of a demand's tasks."""
    nodes: Mapping[str, tuple[SeenNode, ...]]
    """By pool."""


@dataclass(frozen=True)
class Drained:
    """Result of a drain."""

    retired: tuple[str, ...]
    """Addresses of the workers that may end now; empty if the drain was refused or undone."""
    kept: str | None
    """Why the workers work again."""
    lost: int
    """Finished results that no other worker has."""
    rerun: int
    """Tasks that run a second time."""
    given_back: int
    """Tasks that other workers got before they started."""
    seconds: float


class Scheduler:
    """The scheduler of a cluster."""

    def __init__(self, url: str) -> None:
        """Take the URL of its HTTP server."""
        self._url = f"{url}/autoscaling"
        # A proxy of the environment is not for requests to this computer.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def snapshot(self) -> Snapshot:
        """Ask what tasks need and what nodes do.

        Raises:
            SchedulerError: it does not answer.
        """
        return self._ask(self._url, SNAPSHOT_SECONDS, _snapshot)

    def drain(self, workers: tuple[str, ...], seconds: float, force: bool) -> Drained:
        """Drain the workers of a node, which stay for `seconds` at most. They do not end.

        With `force`, they leave in any case, and what no other worker takes is lost.

        Raises:
            SchedulerError: it does not answer.
        """
        command = {"verb": "drain", "workers": workers, "seconds": seconds, "force": force, "end": False}
        return self._command(command, seconds + COMMAND_SECONDS, _drained)

    def undrain(self, workers: tuple[str, ...]) -> None:
        """Let workers work again.

        Raises:
            SchedulerError: it does not answer.
        """
        self._command({"verb": "undrain", "workers": workers}, COMMAND_SECONDS, lambda _: None)

    def _command(self, command: Mapping[str, Any], seconds: float, read: Callable[[Any], T]) -> T:
        body = json.dumps(command).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(f"{self._url}/command", body, headers), seconds, read)

    def _ask(self, request: str | urllib.request.Request, seconds: float, read: Callable[[Any], T]) -> T:
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                return read(json.loads(answer.read(MAX_BYTES)))
        except (OSError, HTTPException) as error:
            raise SchedulerError(f"the scheduler at {self._url} does not answer ({error})") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise SchedulerError(f"the scheduler at {self._url} answers something else ({reason})") from error


def _snapshot(given: Any) -> Snapshot:
    read = {_demand(one): str(one["prefix"]) for one in given["demands"]}
    nodes = {str(pool): tuple(map(_node, found)) for pool, found in given["nodes"].items()}
    return Snapshot(str(given["scheduler"]), tuple(_demand(one) for one in given["demands"]), read, nodes)


def _demand(given: Any) -> Demand:
    needs, seconds = given["needs"], given["seconds"]
    return Demand(
        needs=None if needs is None else tuple((str(name), float(amount)) for name, amount in needs),
        ready=int(given["ready"]),
        on_workers=int(given["on_workers"]),
        seconds=None if seconds is None else float(seconds),
    )


def _node(given: Any) -> SeenNode:
    node = Node(
        name=str(given["name"]),
        busy=int(given["busy"]),
        unique_bytes=int(given["unique_bytes"]),
        held=str(given["held"]),
        draining=bool(given["draining"]),
        forced=bool(given["forced"]),
        ordered=bool(given["ordered"]),
        under_way=bool(given["under_way"]),
        paused=bool(given["paused"]),
        used=float(given["used"]),
        finished=int(given["finished"]),
        cpu=float(given["cpu"]),
    )
    return SeenNode(node, tuple(map(str, given["workers"])))


def _drained(given: Any) -> Drained:
    return Drained(
        retired=tuple(map(str, given["retired"])),
        kept=None if given["kept"] is None else str(given["kept"]),
        lost=len(given["lost"]),
        rerun=len(given["rerun"]),
        given_back=int(given["given_back"]),
        seconds=float(given["seconds"]),
    )
