"""Check of the pools: each has its workers, and each worker offers the resources of its pool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from .expectation import Pool
from .outcome import CheckFailed, NotApplicable, Run
from .worker import Worker
from .workers import found_pools, list_workers, resources_text

POLL_SECONDS = 0.5


async def pools(run: Run) -> str:
    """Waits until every pool has its workers, then compares their resources with the definition."""
    while True:
        run.workers = await list_workers(run.client)
        expected = run.expectation.pools if run.expectation else None
        missing = missing_workers(expected, run.workers)
        if not missing:
            break
        run.note = f"waiting for workers: {missing}"
        # Ends before the deadline, so that the workers that are there are still checked.
        if time.monotonic() + 2 * POLL_SECONDS > run.ends:
            raise CheckFailed(f"missing workers: {missing}", fatal=not run.workers)
        await asyncio.sleep(POLL_SECONDS)
    if not run.workers:
        raise NotApplicable("no worker is expected and none is there")
    if expected:
        check_resources(expected, run.workers)
    present = {worker.pool for worker in run.workers}
    counts = [f"{pool.name} {_count(pool.workers)}" for pool in found_pools(run.workers)]
    counts += [f"{pool.name} absent" for pool in expected or () if pool.name not in present]
    return f"{', '.join(counts)}" + ("" if expected else " (no expectation given: as found)")


def missing_workers(expected: Iterable[Pool] | None, workers: Iterable[Worker]) -> str:
    """Missing workers, for a sentence; empty if none. A worker counts while it takes tasks."""
    if expected is None:
        return "" if any(worker.status == "running" for worker in workers) else "no worker is there"
    lacks = []
    for pool in expected:
        own = [worker for worker in workers if worker.pool == pool.name]
        idle = [worker for worker in own if worker.status != "running"]
        if len(own) - len(idle) < pool.workers:
            states = f" ({', '.join(f'{w.name} is {w.status}' for w in idle)})" if idle else ""
            lacks.append(f"{pool.name} has {len(own) - len(idle)} of {pool.workers}{states}")
    return "; ".join(lacks)


def check_resources(expected: Iterable[Pool], workers: Iterable[Worker]) -> None:
    """Every worker belongs to a pool and offers exactly the resources of that pool."""
    by_name = {pool.name: pool for pool in expected}
    errors = []
    for worker in workers:
        pool = by_name.get(worker.pool)
        if pool is None:
            errors.append(f"{worker.name} belongs to no pool of the definition ({', '.join(by_name)})")
        elif dict(worker.resources) != pool.expected_resources(worker.nthreads):
            must = resources_text(pool.expected_resources(worker.nthreads))
            errors.append(f"{worker.name} offers {resources_text(worker.resources)}, must offer {must}")
    if errors:
        raise CheckFailed("; ".join(errors))


def _count(workers: int) -> str:
    return f"{workers} worker{'' if workers == 1 else 's'}"
