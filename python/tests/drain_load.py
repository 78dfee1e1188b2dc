"""Drains under load: workers leave a real cluster of processes in the middle of their work."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Client, Scheduler, wait

from cluster import SOURCES, Cluster

HERE = Path(__file__).parent
FILES = (
    *(SOURCES / "cdktf_dask" / "preloads" / f"{name}.py" for name in ("drain_workers", "balance_pools")),
    HERE / "oracle.py",
)
PRELOADS = [word for file in FILES for word in ("--preload", str(file))]
"""Options of the scheduler."""

SECONDS = 120
RESULT_BYTES = 200_000


@dataclass
class Round:
    """What a drain cost. All but the seconds should be 0."""

    recomputed: int
    """Finished results that were computed again."""
    lost_data: int
    """Scattered data."""
    started_twice: int
    failed: int
    drain_seconds: float
    """Until the scheduler has answered."""
    gone_seconds: float
    """Until the process of the worker has ended."""
    unique: int
    """Results that only the leaving worker had."""
    processing: int
    """Tasks that it had, of which two were running."""


def traced(log: Path) -> Callable[..., bytes]:
    """A task that records its starts. Workers do not have this module and get the function by value."""
    path, size = str(log), RESULT_BYTES

    def task(name: str, seconds: float, *_: Any) -> bytes:
        with open(path, "a") as starts:
            starts.write(f"{name}\n")
        time.sleep(seconds)
        return bytes(size)

    return task


def start_worker(cluster: Cluster, name: str) -> subprocess.Popen:
    """Start a worker with two threads."""
    return cluster.worker(name, "CPU=2", "--nthreads", "2")


def by_drain(client: Client, process: subprocess.Popen, address: str) -> None:
    """Let a worker leave by a drain."""
    outcome = client.sync(client.scheduler.drain, workers=[address], seconds=60, force=True)
    assert list(outcome["retired"]) == [address], outcome


def by_sigterm(client: Client, process: subprocess.Popen, address: str) -> None:
    """Let a worker leave as without a drain."""
    process.terminate()


def by_retirement(client: Client, process: subprocess.Popen, address: str) -> None:
    """Let a worker leave as Dask retires it."""
    client.retire_workers(workers=[address], close_workers=True)


WAYS = {"drain": by_drain, "sigterm": by_sigterm, "retire": by_retirement}
"""Ways in which a worker leaves, to compare."""


def drains(
    cluster: Cluster, client: Client, rounds: int, tasks: int = 60, way: str = "drain"
) -> Iterator[Round]:
    """Let workers leave in the middle of their work, one a round. Half of the rounds use resources."""
    before = Counter[str]()
    for number in range(2):
        start_worker(cluster, f"cpu--stays{number}")
    following = start_worker(cluster, "cpu--leaves0")
    for number in range(rounds):
        name, process = f"cpu--leaves{number}", following
        log = cluster.directory / f"starts{number}"
        load, data = submit(client, traced(log), number, tasks)
        address, unique, processing = busy(client, name)
        begun = time.monotonic()
        WAYS[way](client, process, address)
        drained = time.monotonic() - begun
        process.wait(timeout=30)
        gone = time.monotonic() - begun
        following = start_worker(cluster, f"cpu--leaves{number + 1}")
        wait(load, timeout=SECONDS)
        counts = Counter({key: len(keys) for key, keys in client.sync(client.scheduler.oracle).items()})
        new, before = counts - before, counts
        starts = Counter(log.read_text().split())
        yield Round(
            recomputed=new["recomputed"],
            lost_data=new["lost data"],
            started_twice=sum(count > 1 for count in starts.values()),
            failed=sum(future.status != "finished" for future in load),
            drain_seconds=drained,
            gone_seconds=gone,
            unique=unique,
            processing=processing,
        )
        del load, data


def submit(
    client: Client, task: Callable[..., bytes], number: int, tasks: int
) -> tuple[list[Any], list[Any]]:
    """Tasks of 50 to 150 ms, tasks that combine three of their results, and scattered data."""
    resources = {} if number % 2 else {"resources": {"CPU": 1}}

    def start(name: str, *dependencies: Any) -> Any:
        seconds = 0.05 + hash(name) % 100 / 1000
        return client.submit(task, name, seconds, *dependencies, key=name, pure=False, **resources)

    maps = [start(f"map-{number}-{i}") for i in range(tasks)]
    combined = [start(f"combine-{number}-{i}", *maps[3 * i : 3 * i + 3]) for i in range(tasks // 3)]
    data = client.scatter([os.urandom(1000) for _ in range(4)], hash=False)
    return [*maps, *combined], data


def busy(client: Client, name: str) -> tuple[str, int, int]:
    """Address, unique results and tasks of a worker, once it has some of both."""

    def state(dask_scheduler: Scheduler) -> tuple[str, int, int]:
        ws = next(ws for ws in dask_scheduler.workers.values() if ws.name == name)
        return ws.address, sum(len(ts.who_has) == 1 for ts in ws.has_what), len(ws.processing)

    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = client.run_on_scheduler(state)
        if found[1] >= 5 and found[2] >= 2:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"{name} has no work")
