"""Work for an elastic local cluster while its processes are killed, and what became of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from distributed import Client, Future, get_worker

from elastic_cluster import AUTOSCALER, SCHEDULER, ElasticCluster

TASKS = {"cpu": 40, "gpu": 10}
TASK_SECONDS = 0.5
RESTARTED = "the scheduler has restarted"
"""In the log of the autoscaler."""

RESTART_SECONDS = 90.0
"""How long a killed scheduler may take until it has workers again, on a busy computer."""


def task() -> Callable[[float, str, str], str]:
    """Make the function of all tasks. Workers get it by value, as they cannot import this module."""

    def work(seconds: float, started: str, key: str) -> str:
        """Note the start, work, and return the pool of the worker."""
        with open(started, "a", encoding="utf-8") as file:
            file.write(f"{key}\n")
        time.sleep(seconds)
        return str(get_worker().name).partition("--")[0]

    return work


@dataclass(frozen=True)
class Killed:
    """What happened while the autoscaler was killed again and again."""

    kills: int
    tasks: int
    finished: int
    again: int
    """Tasks that ran more than once."""
    most: int
    """Largest number of nodes of the pool `cpu`."""


@dataclass(frozen=True)
class Restarted:
    """What happened after the scheduler was killed during work."""

    lost: int
    """Tasks that were not finished. They end with their scheduler, and their client submits them again."""
    tasks: int
    finished: int
    """Tasks that finished, at the second try or at the first."""
    drained: int
    """Nodes that the autoscaler drained within one idle time after it saw the new scheduler."""
    most: int


class Load:
    """Tasks for both pools of a cluster, which note when they start."""

    def __init__(self, cluster: ElasticCluster, client: Client, idle: float) -> None:
        self.cluster, self.client, self.idle = cluster, client, idle
        self.started = cluster.root / "started"
        self.started.touch()
        self.sent = 0

    def submit(self, pool: str, count: int, seconds: float) -> list[Future]:
        """Submit tasks with the resource of a pool."""
        keys = [f"work-{self.sent + number}" for number in range(count)]
        self.sent += count
        lists = [seconds] * count, [str(self.started)] * count, keys
        return self.client.map(task(), *lists, key=keys, resources={pool.upper(): 1})

    def until_empty(self, seconds: float) -> float:
        """Wait until no node is there; seconds that it took."""
        begun = time.monotonic()
        while any(self.cluster.asked(pool) for pool in self.cluster.sizes):
            assert time.monotonic() - begun < seconds, self.cluster.log()
            time.sleep(0.1)
        return time.monotonic() - begun

    def autoscaler_killed(self, seconds: float, every: float) -> Killed:
        """Work that comes and goes for so many seconds, while the autoscaler is killed every few seconds."""
        ends = time.monotonic() + seconds
        kills, most, finished, next_kill = 0, 0, 0, time.monotonic() + every / 2
        before, sent = len(self.started.read_text().splitlines()), self.sent
        while time.monotonic() < ends:
            tasks = [task for pool, count in TASKS.items() for task in self.submit(pool, count, TASK_SECONDS)]
            calm = time.monotonic() + 1.5 * self.idle
            while time.monotonic() < calm or not all(task.done() for task in tasks):
                if time.monotonic() > next_kill:
                    self.cluster.kill(AUTOSCALER)
                    kills, next_kill = kills + 1, next_kill + every
                most = max(most, self.cluster.asked("cpu"))
                time.sleep(0.2)
            finished += sum(task.status == "finished" for task in tasks)
            del tasks
        count = self.sent - sent
        again = len(self.started.read_text().splitlines()) - before - count
        return Killed(kills, count, finished, again, most)

    def scheduler_killed(self) -> Restarted:
        """Kill the scheduler when a third of the tasks is done; a client then submits the others again."""
        count = TASKS["cpu"]
        tasks = self.submit("cpu", count, TASK_SECONDS)
        self._until(lambda: len(_finished(tasks)) >= count / 3)
        done = len(_finished(tasks))
        self.cluster.kill(SCHEDULER)
        self._until(lambda: RESTARTED in self.cluster.log())
        seen, drains, most = time.monotonic(), self._drains(), 0
        while time.monotonic() < seen + self.idle - 1:
            most = max(most, self.cluster.asked("cpu"))
            time.sleep(0.1)
        drained = self._drains() - drains
        with Client(self.cluster.address, timeout=RESTART_SECONDS, set_as_default=False) as client:
            self.client = client
            again = self.submit("cpu", count - done, TASK_SECONDS)
            self._until(lambda: all(future.done() for future in again))
            most = max(most, self.cluster.asked("cpu"))
            return Restarted(count - done, count, done + len(_finished(again)), drained, most)

    def _drains(self) -> int:
        """Drains that the autoscaler has begun."""
        return self.cluster.log().count("autoscaler in cpu")

    def _until(self, holds: Callable[[], bool]) -> None:
        begun = time.monotonic()
        while not holds():
            assert time.monotonic() - begun < RESTART_SECONDS, self.cluster.log()
            time.sleep(0.05)


def _finished(futures: list[Future]) -> list[Future]:
    return [future for future in futures if future.status == "finished"]
