"""A real scheduler with the preload `drain_workers`, and real workers, in one process."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import dask
from distributed import Worker

from cdktf_dask.preloads import drain_workers
from small_cluster import small_cluster

SECONDS = 60


class DrainedCluster:
    """Workers by name. Those of a pool offer its resources."""

    def __init__(self, *names: str, threads: int = 1, resources: dict[str, dict[str, float]] | None = None):
        self.names, self.threads, self.resources = names, threads, resources or {}

    async def __aenter__(self):
        self.context = small_cluster(drain_workers)
        self.cluster = await self.context.__aenter__()
        self.scheduler, self.client = self.cluster.scheduler, self.cluster.client
        self.workers: dict[str, Worker] = {}
        for name in self.names:
            await self.add(name)
        return self

    async def __aexit__(self, *error: Any):
        return await self.context.__aexit__(*error)

    async def add(self, name: str) -> None:
        """Start a worker."""
        resources = self.resources.get(name.partition("--")[0], {})
        self.workers[name] = await self.cluster.worker(name, self.threads, memory_limit=None, **resources)

    def address(self, name: str) -> str:
        return self.workers[name].address

    def status(self, name: str) -> str:
        """Status of a worker, as the scheduler has it."""
        return self.scheduler.workers[self.address(name)].status.name

    async def drain(self, *names: str, **options: Any) -> dict[str, Any]:
        """Drain workers by the RPC handler. Messages turn lists into tuples."""
        addresses = [self.address(name) for name in names]
        answer = await self.client.scheduler.drain(workers=addresses, **options)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in answer.items()}

    async def undrain(self, *names: str) -> list[str]:
        """Undrain workers by the RPC handler."""
        return list(await self.client.scheduler.undrain(workers=[self.address(name) for name in names]))

    def policies(self) -> list[str]:
        """Policies of the active memory manager that drains have left behind."""
        policies = self.scheduler.extensions["amm"].policies
        return [repr(policy) for policy in policies if hasattr(policy, "address")]

    def removals(self) -> list[dict[str, Any]]:
        """Events of the scheduler about workers that were removed."""
        events = [event for _, event in self.scheduler.get_events("all") if isinstance(event, dict)]
        return [event for event in events if event.get("action") == "remove-worker"]

    def lost(self) -> list[str]:
        """Keys of results and data that removed workers took with them."""
        kinds = ("lost-computed-tasks", "lost-scattered-tasks")
        return [str(key) for event in self.removals() for kind in kinds for key in event[kind]]


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test, which ends within a minute. Data is moved more often than by default."""
    with dask.config.set({"distributed.scheduler.active-memory-manager.interval": "200ms"}):
        asyncio.run(asyncio.wait_for(test(), SECONDS))
