"""Checks of results: all workers compute together, and each GPU worker computes on its GPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from distributed import Future

from .expectation import Pool
from .outcome import CheckFailed, NotApplicable, Run
from .tasks import GpuSum, add_squares, gpu_squares
from .worker import Worker
from .workers import ask_each, pools_of

SQUARES_PER_WORKER = 100_000
"""A few milliseconds of pure Python."""

GPU_SQUARES = 1_000_000
"""The sum of the squares, 3.3e17, fits in 64 bits."""


async def computation(run: Run) -> str:
    """A sum is passed round all workers: each fetches it from the one before and adds its part."""
    ring = [*run.workers, run.workers[0]]
    futures: list[Future[int]] = []
    for index, worker in enumerate(ring):
        start = index * SQUARES_PER_WORKER
        stop = start if index == len(run.workers) else start + SQUARES_PER_WORKER
        future = run.client.submit(
            add_squares,
            start,
            stop,
            futures[-1] if futures else 0,
            workers=[worker.address],
            allow_other_workers=False,
            pure=False,
        )
        futures.append(future)
    total = 0
    for index, worker in enumerate(ring):
        before = f", or could not fetch the sum from {ring[index - 1].name}" if index else ""
        run.note = f"{worker.name} did not compute its part{before}"
        total = await futures[index]
    n = SQUARES_PER_WORKER * len(run.workers)
    check_sum(total, n, "the workers")
    return f"the sum of {n} squares, passed round all workers, is right"


async def gpu(run: Run) -> str:
    """Every worker of a GPU pool runs a CUDA kernel. Not applicable if no GPU worker is expected."""
    pools = {pool.name: pool for pool in pools_of(run) if pool.kind == "gpu"}
    workers = [worker for worker in run.workers if worker.pool in pools]
    check_deserted_pools(pools, workers)
    if not workers:
        raise NotApplicable("no GPU worker is expected and none is there")

    async def ask(worker: Worker) -> GpuSum:
        resources = pools[worker.pool].selector() or None
        future: Future[GpuSum] = run.client.submit(
            gpu_squares, GPU_SQUARES, workers=[worker.address], resources=resources, pure=False
        )
        answer: GpuSum = await future
        return answer

    answers = await ask_each(run, ask, workers)
    for worker, answer in answers.items():
        check_sum(answer["total"], GPU_SQUARES, f"the GPU of {worker.name}")
    devices = Counter(answer["device"] for answer in answers.values())
    shown = ", ".join(f"{count} x {device}" for device, count in sorted(devices.items()))
    return f"a CUDA kernel gave the right sum on every GPU worker: {shown}"


def check_deserted_pools(pools: Mapping[str, Pool], workers: list[Worker]) -> None:
    """Fails for a GPU pool that should have workers and has none."""
    present = {worker.pool for worker in workers}
    deserted = [pool.name for pool in pools.values() if pool.workers and pool.name not in present]
    if deserted:
        raise CheckFailed(f"no worker of GPU pool {', '.join(deserted)} is there")


def sum_of_squares(n: int) -> int:
    """The closed form of 0² + 1² + … + (n-1)²."""
    return (n - 1) * n * (2 * n - 1) // 6


def check_sum(total: int, n: int, source: str) -> None:
    """Compares with the closed form."""
    if total != sum_of_squares(n):
        raise CheckFailed(f"{source} computed {total} as the sum of {n} squares, it is {sum_of_squares(n)}")
