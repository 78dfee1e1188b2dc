"""Checks that the cluster computes rightly: all workers together, and each GPU worker on its GPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from expectation import Pool
from members import ask_each, pools_of
from outcome import Absent, CheckFailed, Run
from tasks import add_squares, gpu_squares
from worker import Worker

SQUARES_PER_WORKER = 100_000
"""A few milliseconds of pure Python."""

GPU_SQUARES = 1_000_000
"""The sum of so many squares, 3.3e17, still fits in 64 bits."""


async def computation(run: Run) -> str:
    """A sum goes round all workers: each fetches it from the one before and adds its part."""
    ring = [*run.workers, run.workers[0]]
    futures = []
    so_far = 0
    for index, worker in enumerate(ring):
        start = index * SQUARES_PER_WORKER
        stop = start if index == len(run.workers) else start + SQUARES_PER_WORKER
        so_far = run.client.submit(
            add_squares, start, stop, so_far, workers=[worker.address], allow_other_workers=False, pure=False
        )
        futures.append(so_far)
    total = 0
    for index, worker in enumerate(ring):
        before = f", or could not fetch the sum from {ring[index - 1].name}" if index else ""
        run.note = f"{worker.name} did not compute its part{before}"
        total = await futures[index]
    n = SQUARES_PER_WORKER * len(run.workers)
    refuse_wrong_sum(total, n, "the workers")
    return f"the sum of {n} squares, passed round all workers, is right"


async def gpu(run: Run) -> str:
    """Every worker of a GPU pool runs a CUDA kernel. No GPU worker expected: absent, nothing was shown."""
    pools = {pool.name: pool for pool in pools_of(run) if pool.kind == "gpu"}
    workers = [worker for worker in run.workers if worker.pool in pools]
    refuse_deserted(pools, workers)
    if not workers:
        raise Absent("no GPU worker is expected and none is there")

    async def ask(worker: Worker) -> dict:
        resources = pools[worker.pool].marker() or None
        return await run.client.submit(
            gpu_squares, GPU_SQUARES, workers=[worker.address], resources=resources, pure=False
        )

    answers = await ask_each(run, ask, workers)
    for worker, answer in answers.items():
        refuse_wrong_sum(answer["total"], GPU_SQUARES, f"the GPU of {worker.name}")
    devices = Counter(answer["device"] for answer in answers.values())
    shown = ", ".join(f"{count} x {device}" for device, count in sorted(devices.items()))
    return f"a CUDA kernel gave the right sum on every GPU worker: {shown}"


def refuse_deserted(pools: Mapping[str, Pool], workers: list[Worker]) -> None:
    """A GPU pool that should have workers and has none is a failure, not an absence."""
    present = {worker.pool for worker in workers}
    deserted = [pool.name for pool in pools.values() if pool.workers and pool.name not in present]
    if deserted:
        raise CheckFailed(f"no worker of GPU pool {', '.join(deserted)} is there")


def sum_of_squares(n: int) -> int:
    """The closed form of 0² + 1² + … + (n-1)²."""
    return (n - 1) * n * (2 * n - 1) // 6


def refuse_wrong_sum(total: int, n: int, who: str) -> None:
    """Compare with the closed form."""
    if total != sum_of_squares(n):
        raise CheckFailed(f"{who} computed {total} as the sum of {n} squares, it is {sum_of_squares(n)}")
