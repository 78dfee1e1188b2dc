"""A load that goes on while nodes come and go: a program for clients of booted nodes.

    steady_load.py ADDRESS RECORD STARTS

Tasks record their starts in RECORD, a path of workers; STARTS is the same file as this program sees it. The
program reads commands from stdin, a line of JSON each: a method of `SteadyLoad` and its arguments, such as
`["busy", "cpu--ip-10-77-2-1"]`. It answers each with a line of JSON.
"""

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import cloudpickle
from distributed import Client, Scheduler, wait

import oracle
from drain_load import busy, submit, traced

# Nodes do not have the modules of tests.
for module in (oracle, sys.modules[__name__]):
    cloudpickle.register_pickle_by_value(module)

TASKS = 60
"""Tasks of a wave, of 50 to 150 ms each; a third as many combine their results."""

KEPT = 2
"""Waves whose results and scattered data are held. The next one starts when few tasks are left."""

SECONDS = 150
"""Timeout of what a command waits for; a reboot takes up to 90 s."""

POLL_SECONDS = 0.05

SHUFFLED_PARTS, SHUFFLED_ROWS, BEGUN_PARTS = 40, 1000, 10


class SteadyLoad:
    """Waves of tasks and scattered data, one after another, until `counts`."""

    def __init__(self, client: Client, record: Path, starts: Path):
        self.client, self.starts = client, starts
        self._task = traced(record)
        self._wave = 0
        self._waves: list[tuple[list[Any], list[Any]]] = []
        self._failed: set[str] = set()
        self._stopped = Event()
        self._thread = ThreadPoolExecutor(1)
        self._flow: Future[None] | None = None
        self._shuffled: Any = None

        client.run_on_scheduler(add_oracle)

    def begin(self) -> None:
        """Begin, or go on after `counts`."""
        if self._flow is None:
            self._stopped.clear()
            self._flow = self._thread.submit(self._run)

    def busy(self, name: str) -> dict[str, int]:
        """Wait until a worker has results that no other has, runs tasks, and has others waiting."""
        self.wait_for(lambda: name in self._names().values(), f"{name} is not there")
        _, unique, processing = busy(self.client, name)
        return {"unique": unique, "processing": processing}

    def gone(self, name: str) -> None:
        """Wait until a worker has left."""
        self.wait_for(lambda: name not in self._names().values(), f"{name} is still there")

    def back(self, name: str) -> None:
        """Wait until a worker is there."""
        self.wait_for(lambda: name in self._names().values(), f"{name} is not there")

    def drain(self, name: str) -> str | None:
        """Drain a worker as the autoscaler does before it ends the node. Returns why the worker stays."""
        [address] = [address for address, each in self._names().items() if each == name]
        drain = self.client.scheduler.drain
        outcome = self.client.sync(drain, workers=[address], seconds=SECONDS, force=False, end=False)
        return outcome["kept"]

    def counts(self) -> dict[str, list[str]]:
        """Let the load end. Returns, since the start: tasks that failed, were computed again, and so on."""
        if self._flow is not None:
            self._stopped.set()
            self._flow.result(timeout=SECONDS)
            self._flow = None
        found = self.client.sync(self.client.scheduler.oracle)
        starts = Counter(self.starts.read_text().split())
        return {
            "tasks": list(starts),
            "recomputed": list(found["recomputed"]),
            "lost data": list(found["lost data"]),
            "started twice": [name for name, count in starts.items() if count > 1],
            "failed": sorted(self._failed),
        }

    def shuffle(self) -> None:
        """Begin a P2P shuffle, and wait until some of its inputs have been transferred."""
        import dask.dataframe
        import pandas

        record = self._task

        def part(number: int) -> pandas.DataFrame:
            record(f"part-{number}", 0.2)
            return pandas.DataFrame(
                {"key": [(number * 31 + i) % 100 for i in range(SHUFFLED_ROWS)], "value": 1.0}
            )

        meta = pandas.DataFrame({"key": [0], "value": [1.0]})
        with dask.config.set({"dataframe.shuffle.method": "p2p"}):
            parts = dask.dataframe.from_map(part, range(SHUFFLED_PARTS), meta=meta)
            self._shuffled = parts.shuffle("key").map_partitions(len).persist()
        self.wait_for(lambda: self._transferred() >= BEGUN_PARTS, "the shuffle does not begin")

    def shuffles(self) -> dict[str, list[str]]:
        """Workers that participate in shuffles now, by shuffle."""

        def participants(dask_scheduler: Scheduler) -> dict[str, list[str]]:
            shuffles = dask_scheduler.plugins["shuffle"].active_shuffles.values()
            workers = dask_scheduler.workers
            return {
                str(shuffle.id): [str(workers[one].name) for one in shuffle.participating_workers]
                for shuffle in shuffles
            }

        return self.client.run_on_scheduler(participants)

    def shuffled(self) -> int:
        """Wait for the end of the shuffle. Returns how many rows are missing."""
        missing = SHUFFLED_PARTS * SHUFFLED_ROWS - int(sum(self._shuffled.compute()))
        self._shuffled = None
        return missing

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            if self._flow is not None and self._flow.done():
                self._flow.result()
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(POLL_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._waves.append(submit(self.client, self._task, self._wave, TASKS))
            self._wave += 1
            while sum(not task.done() for tasks, _ in self._waves for task in tasks) > TASKS / 3:
                time.sleep(POLL_SECONDS)
            self._release(KEPT)
        self._release(0)

    def _release(self, kept: int) -> None:
        """Release the results of all but the last waves."""
        while len(self._waves) > kept:
            tasks, data = self._waves.pop(0)
            wait(tasks, timeout=SECONDS)
            self._failed |= {future.key for future in (*tasks, *data) if future.status != "finished"}

    def _transferred(self) -> int:
        def transferred(dask_scheduler: Scheduler) -> int:
            prefixes = dask_scheduler.task_prefixes.items()
            return sum(prefix.states["memory"] for name, prefix in prefixes if "transfer" in name)

        return self.client.run_on_scheduler(transferred)

    def _names(self) -> dict[str, str]:
        """Name of each worker by its address."""

        def names(dask_scheduler: Scheduler) -> dict[str, str]:
            return {address: str(worker.name) for address, worker in dask_scheduler.workers.items()}

        return self.client.run_on_scheduler(names)


def add_oracle(dask_scheduler: Scheduler) -> None:
    """Let a scheduler count what is computed again. Runs there."""
    dask_scheduler.add_plugin(oracle.Oracle(dask_scheduler), name="oracle")


def main(address: str, record: str, starts: str) -> None:
    """Run commands until stdin is closed."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with Client(address, timeout=SECONDS) as client:
        load = SteadyLoad(client, Path(record), Path(starts))
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            print(json.dumps(getattr(load, name)(*arguments)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
