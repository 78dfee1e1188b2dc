"""Check of who is there: every pool with its workers, and every worker with its resources."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from expectation import Pool
from members import found_pools, list_workers, offer_text
from outcome import CheckFailed, Run
from worker import Worker

POLL_SECONDS = 0.5


async def pools(run: Run) -> str:
    """Wait until every pool has its workers, then compare what they offer with the definition."""
    while True:
        run.workers = await list_workers(run.client)
        expected = run.expectation.pools if run.expectation else None
        missing = missing_workers(expected, run.workers)
        if not missing:
            break
        run.note = f"waiting for workers: {missing}"
        # End before the deadline does, so that the checks of the workers that are there still run.
        if time.monotonic() + 2 * POLL_SECONDS > run.ends:
            raise CheckFailed(f"missing workers: {missing}", fatal=not run.workers)
        await asyncio.sleep(POLL_SECONDS)
    if expected:
        refuse_wrong_offers(expected, run.workers)
    counts = (f"{pool.name} {_count(pool.workers)}" for pool in found_pools(run.workers))
    return f"{', '.join(counts)}" + ("" if expected else " (no expectation given: as found)")


def missing_workers(expected: Iterable[Pool] | None, workers: Iterable[Worker]) -> str:
    """What is missing, for a sentence; empty when all are there. A worker counts while it takes tasks."""
    if expected is None:
        return "" if any(worker.status == "running" for worker in workers) else "no worker is there"
    lacks = []
    for pool in expected:
        members = [worker for worker in workers if worker.pool == pool.name]
        idle = [worker for worker in members if worker.status != "running"]
        if len(members) - len(idle) < pool.workers:
            states = f" ({', '.join(f'{w.name} is {w.status}' for w in idle)})" if idle else ""
            lacks.append(f"{pool.name} has {len(members) - len(idle)} of {pool.workers}{states}")
    return "; ".join(lacks)


def refuse_wrong_offers(expected: Iterable[Pool], workers: Iterable[Worker]) -> None:
    """Every worker belongs to a pool and offers exactly that pool's resources."""
    by_name = {pool.name: pool for pool in expected}
    faults = []
    for worker in workers:
        pool = by_name.get(worker.pool)
        if pool is None:
            faults.append(f"{worker.name} belongs to no pool of the definition ({', '.join(by_name)})")
        elif dict(worker.resources) != pool.offer(worker.nthreads):
            must = offer_text(pool.offer(worker.nthreads))
            faults.append(f"{worker.name} offers {offer_text(worker.resources)}, must offer {must}")
    if faults:
        raise CheckFailed("; ".join(faults))


def _count(workers: int) -> str:
    return f"{workers} worker{'' if workers == 1 else 's'}"
