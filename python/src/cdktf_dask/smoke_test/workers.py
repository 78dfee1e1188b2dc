"""The workers that the scheduler knows, and requests to each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from distributed import Client

from .expectation import Pool
from .outcome import CheckFailed, Run
from .worker import Worker

Answer = TypeVar("Answer")


async def list_workers(client: Client) -> list[Worker]:
    """All workers, by name. Without arguments, `identity` lists all of them in every release."""
    identity = await scheduler_of(client).identity()
    return sorted(
        (
            Worker(address, str(w["name"]), w["resources"], w["nthreads"], w["status"])
            for address, w in identity["workers"].items()
        ),
        key=lambda worker: worker.name,
    )


def scheduler_of(client: Client) -> Any:
    """RPC of the connected scheduler; its methods are the operations that the scheduler offers."""
    return client.scheduler


async def ask_each(
    run: Run, ask: Callable[[Worker], Awaitable[Answer]], workers: Iterable[Worker] | None = None
) -> dict[Worker, Answer]:
    """Asks all workers at once. `run.note` names those that have not answered, for the check's deadline."""
    asked = {asyncio.ensure_future(ask(worker)): worker for worker in (workers or run.workers)}
    pending = set(asked)
    while pending:
        run.note = f"no answer from {names(asked[task] for task in pending)}"
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    run.note = ""
    answers = {}
    for task, worker in asked.items():
        if (error := task.exception()) is not None:
            raise CheckFailed(f"{worker.name}: {type(error).__name__}: {error}") from error
        answers[worker] = task.result()
    return answers


def found_pools(workers: Iterable[Worker]) -> tuple[Pool, ...]:
    """Pools of a cluster without an expectation, from the names and resources of its workers."""
    alike: dict[tuple[object, ...], list[Worker]] = {}
    for worker in workers:
        alike.setdefault((worker.pool, *sorted(worker.resources.items())), []).append(worker)
    return tuple(
        Pool(group[0].pool, "gpu" if "GPU" in group[0].resources else "cpu", group[0].resources, len(group))
        for group in alike.values()
    )


def pools_of(run: Run) -> tuple[Pool, ...]:
    """The pools of the definition; without one, those that are found."""
    return run.expectation.pools if run.expectation else found_pools(run.workers)


def resources_text(resources: Mapping[str, float]) -> str:
    """Resources as on the command line of `dask worker`."""
    return " ".join(f"{name}={amount:g}" for name, amount in sorted(resources.items())) or "nothing"


def names(workers: Iterable[Worker], at_most: int = 5) -> str:
    """Names of the workers, for a sentence."""
    listed = sorted(worker.name for worker in workers)
    more = f" and {len(listed) - at_most} more" if len(listed) > at_most else ""
    return ", ".join(listed[:at_most]) + more
