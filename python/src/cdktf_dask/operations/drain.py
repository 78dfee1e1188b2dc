"""Drains nodes by the scheduler's handler `drain` (`cdktf_dask.preloads.drain_workers`): nothing is lost."""

from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cdktf_dask.client.ask import ANSWER_SECONDS, ask_scheduler
from cdktf_dask.client.errors import CommandFailed, ConnectError, Refused
from cdktf_dask.client.route import Route
from cdktf_dask.node.names import belongs_to
from cdktf_dask.operations.facts import Node, printable

HINT = "start other nodes, delete results that nothing needs, or wait for the work that needs the node"


@dataclass(frozen=True)
class Drained:
    """Result of a drain. The workers start no more tasks, and may end."""

    workers: tuple[str, ...] = ()
    """Addresses."""
    given_back: int = 0
    """Tasks that other workers got before they started."""
    seconds: float = 0.0


def drain(nodes: Collection[Node], route: Route, seconds: float) -> Drained:
    """Drain nodes together. Their workers stay at the scheduler; otherwise they would register again.

    Args:
        nodes: The nodes. Those without workers are drained already.
        route: The way to the scheduler.
        seconds: Deadline.

    Raises:
        Refused: something has to stay on the nodes, which work again.
        CommandFailed: the scheduler has no handler.
        ConnectError: the scheduler does not answer.
    """

    def ask(question: Callable[[Any], Awaitable[Any]], limit: float) -> Any:
        return ask_scheduler(route.address, route.security, question, limit)

    workers = ask(lambda scheduler: scheduler.identity(), ANSWER_SECONDS)["workers"]
    own = tuple(
        address
        for address, worker in workers.items()
        if any(belongs_to(worker["name"], node.name) for node in nodes)
    )
    if not own:
        return Drained()
    with ThreadPoolExecutor(1, "cdktf-dask-drain") as thread:
        asked = thread.submit(
            ask,
            lambda scheduler: scheduler.drain(workers=own, seconds=seconds, end=False),
            seconds + ANSWER_SECONDS,
        )
        try:
            outcome = asked.result()
        except BaseException:
            # Ctrl-C too: the drain then ends at once.
            with suppress(ConnectError):
                undrain(own, route)
            raise
    if outcome is None:  # what a scheduler answers that lacks the handler
        hint = "deploy the cluster with this release"
        raise CommandFailed("the scheduler runs without the preload drain_workers.py", hint)
    if outcome["kept"] is not None:
        names = ", ".join(node.id for node in nodes)
        raise Refused(f"{names} cannot be drained: {printable(str(outcome['kept']))}", HINT)
    return Drained(own, int(outcome["given_back"]), float(outcome["seconds"]))


def undrain(workers: tuple[str, ...], route: Route) -> None:
    """Let workers work again.

    Raises:
        ConnectError: the scheduler does not answer.
    """
    if workers:
        ask_scheduler(route.address, route.security, lambda scheduler: scheduler.undrain(workers=workers))
