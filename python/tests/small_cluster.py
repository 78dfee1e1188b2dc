"""Real schedulers and workers in the process of a test: they start quickly, and their state is accessible."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any

from distributed import Client, Scheduler, Worker

SECONDS = 30


@asynccontextmanager
async def small_scheduler(*preloads: ModuleType) -> AsyncIterator[Scheduler]:
    """A scheduler on 127.0.0.1 with preloads."""
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
        others = set(scheduler.plugins)
        for preload in preloads:
            started = preload.dask_setup(scheduler)
            if started is not None:
                await started
        for name in scheduler.plugins.keys() - others:
            await scheduler.plugins[name].start(scheduler)
        yield scheduler


class SmallCluster:
    """A scheduler, its workers and a client."""

    def __init__(self, scheduler: Scheduler, client: Client, workers: AsyncExitStack):
        self.scheduler = scheduler
        self.client = client
        self._workers = workers

    async def worker(
        self, name: str, threads: int = 1, memory_limit: str | None = "1GiB", **resources: float
    ) -> Worker:
        """Start a worker. One without a memory limit keeps the status that a test sets."""
        worker = Worker(
            self.scheduler.address,
            name=name,
            nthreads=threads,
            resources=resources,
            host="127.0.0.1",
            dashboard=False,
            memory_limit=memory_limit,
        )
        return await self._workers.enter_async_context(worker)


@asynccontextmanager
async def small_cluster(*preloads: ModuleType) -> AsyncIterator[SmallCluster]:
    """A cluster without workers."""
    async with (
        small_scheduler(*preloads) as scheduler,
        Client(scheduler.address, asynchronous=True) as client,
        AsyncExitStack() as workers,
    ):
        yield SmallCluster(scheduler, client, workers)


async def until(holds: Callable[[], Any]) -> None:
    """Return once a condition holds."""
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.02)
