"""Checks of where tasks run: with resources in the right pool, without on all workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .expectation import Pool
from .outcome import CheckFailed, NotApplicable, Run
from .tasks import place_of_work
from .worker import Worker
from .workers import names, pools_of, resources_text

PLACED_PER_WORKER, PLACED_SECONDS = 2, 0.02

SHARED_PER_THREAD, SHARED_SECONDS, SHARED_AT_MOST = 10, 0.05, 5_000
"""Tasks sleep, so the shares do not depend on the load of the CPUs."""

UNFAIR = 3
"""Maximum ratio of the tasks that a worker runs to its share by threads."""


async def placement(run: Run) -> str:
    """Tasks that ask for a pool's resources run only in pools that have them."""
    pools = pools_of(run)
    placed = []
    for pool in pools:
        own = [worker for worker in run.workers if worker.pool == pool.name]
        if not pool.resources or (not own and not pool.workers):
            continue
        asked = resources_text(pool.selector())
        if not any(has_resources_of(pool, worker.resources) for worker in run.workers):
            raise CheckFailed(f"no worker offers the resources of pool {pool.name}: {asked}")
        run.note = f"tasks that ask for {asked} do not run"
        indices = range(PLACED_PER_WORKER * max(1, len(own)))
        futures = run.client.map(
            place_of_work, indices, seconds=PLACED_SECONDS, resources=pool.selector(), pure=False
        )
        check_places(pool, await run.client.gather(futures), run.workers, pools)
        placed.append(f"{len(futures)} tasks asking for {asked} ran in pool {pool.name}")
    if not placed:
        raise NotApplicable("no pool with workers has resources")
    return "; ".join(placed)


def has_resources_of(pool: Pool, resources: Mapping[str, object]) -> bool:
    """Whether these resources include all that tasks for the pool ask for."""
    return pool.selector().keys() <= resources.keys()


def check_places(pool: Pool, ran_on: Iterable[str], workers: Iterable[Worker], pools: Iterable[Pool]) -> None:
    """Compares with the definition, not with what the workers offer. All pools with the resources count."""
    right = {other.name for other in pools if has_resources_of(pool, other.resources)}
    by_address = {worker.address: worker for worker in workers}
    strays = [by_address[address] for address in set(ran_on) if by_address[address].pool not in right]
    if strays:
        raise CheckFailed(
            f"tasks asking for {resources_text(pool.selector())} ran on {names(strays)}, "
            f"by the definition only pool {' and '.join(sorted(right))} has that"
        )


async def balance(run: Run) -> str:
    """Many equal tasks without resources reach every worker, and none gets far more than its share."""
    threads = sum(worker.nthreads for worker in run.workers)
    count = max(2 * len(run.workers), min(SHARED_PER_THREAD * threads, SHARED_AT_MOST))
    run.note = "tasks without annotation do not all run"
    futures = run.client.map(place_of_work, range(count), seconds=SHARED_SECONDS, pure=False)
    return judge_balance(Counter(await run.client.gather(futures)), run.workers)


def judge_balance(ran_on: Mapping[str, int], workers: list[Worker]) -> str:
    """Fails for a worker without tasks or with too many; `ran_on` counts tasks by the worker's address."""
    total, threads = sum(ran_on.values()), sum(worker.nthreads for worker in workers)
    idle = [worker for worker in workers if not ran_on.get(worker.address)]
    if idle:
        raise CheckFailed(f"{names(idle)} ran none of {total} tasks that any worker may run")
    for worker in workers:
        ran, share = ran_on[worker.address], total * worker.nthreads / threads
        if ran > UNFAIR * share:
            raise CheckFailed(f"{worker.name} ran {ran} of {total} tasks, its share is {share:.0f}")
    counts = [ran_on[worker.address] for worker in workers]
    return f"{total} tasks without annotation reached every worker, {min(counts)} to {max(counts)} each"
