"""Time of the snapshot for the autoscaler, and of a round of the balance, in a large cluster.

    npm run bench:scaling -- snapshot [TASKS] [WORKERS]

The scheduler is real. Its workers are entries of its state without processes: tasks are assigned to
them and never run. Times are processor time of the event loop.
Exit code 1 if a snapshot takes more than 50 ms (median).
"""

import argparse
import asyncio
import json
import sys
import time
from statistics import median
from typing import Any

import distributed
from distributed import Client, Scheduler
from distributed.core import Status
from distributed.scheduler import WorkerState

from cdktf_dask.preloads import balance_pools, count_demand, serve_autoscaling
from small_cluster import small_scheduler

LIMIT_SECONDS = 0.05
REPEATS = 20


class NoStream:
    """Stands for the connection to a worker: drops all messages."""

    def closed(self) -> bool:
        """Say that it is open."""
        return False

    def send(self, *_: Any) -> None:
        """Drop a message."""

    async def close(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- snapshot")
    parser.add_argument("tasks", type=int, nargs="?", default=100_000)
    parser.add_argument("workers", type=int, nargs="?", default=1_000)
    options = parser.parse_args()
    return asyncio.run(measure(options.tasks, options.workers))


async def measure(tasks: int, workers: int) -> int:
    """Add workers and tasks, then time."""
    async with (
        small_scheduler(count_demand, balance_pools, serve_autoscaling) as scheduler,
        Client(scheduler.address, asynchronous=True) as client,
    ):
        await scheduler.extensions["stealing"].stop()
        plugin: Any = scheduler.plugins["balance-pools"]
        plugin.callback.stop()
        for number in range(workers):
            add_worker(scheduler, number)
        # Placing a task costs O(workers that offer what it needs), so most of them need nothing or a GPU.
        needs = [{"CPU": 1}, *(None, {"GPU": 1}) * 9, None]
        futures = []
        for number in range(20):
            resources = needs[number]
            futures += client.map(
                abs, range(tasks // 20), key=f"prefix{number}", resources=resources, pure=False
            )
        while len(scheduler.tasks) < tasks // 20 * 20:
            await asyncio.sleep(0.2)
        snapshots, rounds, size = [], [], 0
        for _ in range(REPEATS):
            started = time.thread_time()
            page = json.dumps(serve_autoscaling.snapshot(scheduler, 0.0))
            snapshots.append(time.thread_time() - started)
            size = len(page)
            started = time.thread_time()
            plugin.balance()
            rounds.append(time.thread_time() - started)
            await asyncio.sleep(0)
        kinds = len(json.loads(page)["demands"])
        print(
            f"{len(scheduler.tasks)} tasks of {kinds} kinds, {workers} workers without processes, "
            f"Dask {distributed.__version__}: snapshot as JSON {1e3 * median(snapshots):.1f} ms (median, "
            f"at most {1e3 * max(snapshots):.1f}), {size / 1e3:.0f} kB; round of the balance "
            f"{1e3 * median(rounds):.1f} ms (median, at most {1e3 * max(rounds):.1f})"
        )
        scheduler.workers.clear()
        return int(median(snapshots) > LIMIT_SECONDS)


def add_worker(scheduler: Scheduler, number: int) -> None:
    """Register a worker that has no process: one in twenty offers a GPU."""
    pool, resources = ("gpu", {"GPU": 1.0}) if number % 20 == 0 else ("cpu", {"CPU": 8.0})
    host = f"ip-10-20-{number // 250}-{number % 250}"
    address = f"tcp://127.0.0.1:{20_000 + number}"
    worker = WorkerState(
        address=address,
        status=Status.running,
        pid=0,
        name=f"{pool}--{host}",
        nthreads=8,
        memory_limit=2**34,
        local_directory="",
        nanny=None,
        server_id=address,
        scheduler=scheduler,
    )
    worker.resources = dict(resources)
    worker.used_resources = dict.fromkeys(resources, 0.0)
    stored = {"memory": 0, "disk": 0}
    worker.metrics = {"cpu": 50.0, "memory": 0, "managed_bytes": 0, "spilled_bytes": stored}
    scheduler.workers[address] = worker
    scheduler.aliases[worker.name] = address
    scheduler.stream_comms[address] = NoStream()  # type: ignore[assignment]
    for name, amount in resources.items():
        scheduler.resources.setdefault(name, {})[address] = amount
    scheduler.running.add(worker)
    scheduler.total_nthreads += worker.nthreads
    for plugin in scheduler.plugins.values():
        plugin.add_worker(scheduler, address)
    scheduler.check_idle_saturated(worker)


if __name__ == "__main__":
    sys.exit(main())
