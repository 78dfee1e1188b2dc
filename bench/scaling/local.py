"""A local cluster whose pools follow the work: from zero and back, placement, a burst, a killed autoscaler.

    npm run bench:scaling -- local [--idle SECONDS] [--minutes MINUTES] [--samples FILE]

`--minutes` is the time in which the autoscaler is killed every 30 s. `--samples` writes demand, wanted and
running nodes of each pool twice a second, as `draw.py` reads them. Exit code 1 if a promise is not kept.
"""

import argparse
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import distributed
from distributed import Client, wait

from elastic_cluster import ElasticCluster
from elastic_load import Killed, Load

SIZES = {"cpu": 3, "gpu": 2}
ASK_SECONDS = 2.0
DRAIN_SECONDS = 30.0
KILL_SECONDS = 30.0
TASKS, TASK_SECONDS = 10_000, 0.01


class Bench:
    """The scenarios, on one cluster after the other."""

    def __init__(self, cluster: ElasticCluster, client: Client, idle: float) -> None:
        self.cluster, self.client, self.idle = cluster, client, idle
        self.load = Load(cluster, client, idle)
        self.failed = False

    def say(self, ok: bool, text: str) -> None:
        """Print a number, and whether it is as promised."""
        self.failed |= not ok
        print(f"{'ok    ' if ok else 'FAILED'} {text}", flush=True)

    def from_zero(self) -> None:
        """One GPU task, from no node to one and back."""
        begun = time.monotonic()
        (task,) = self.load.submit("gpu", 1, 0.1)
        while not self.cluster.asked("gpu"):
            time.sleep(0.02)
        asked = time.monotonic() - begun
        task.result(timeout=120)
        result = time.monotonic() - begun
        del task
        gone = self.load.until_empty(self.idle + 2 * DRAIN_SECONDS)
        self.say(
            asked <= ASK_SECONDS, f"GPU pool 0 to 1: a node was asked for {asked:.2f} s after the submit"
        )
        limit = self.idle + DRAIN_SECONDS
        self.say(
            gone <= limit,
            f"result after {result:.1f} s; gone {gone:.1f} s after it, idle time {self.idle:g} s",
        )

    def mixed(self) -> None:
        """Tasks of both pools at once."""
        tasks = {"gpu": self.load.submit("gpu", 40, 0.5), "cpu": self.load.submit("cpu", 120, 0.25)}
        right = Counter()
        for pool, futures in tasks.items():
            right[pool] = sum(name == pool for name in self.client.gather(futures))
        self.say(
            right == {"gpu": 40, "cpu": 120}, f"mixed load on the right pool: {dict(right)} of 40 and 120"
        )
        del tasks, futures
        self.load.until_empty(self.idle + 2 * DRAIN_SECONDS)

    def burst(self) -> None:
        """Many short tasks from zero. They are long enough to need all nodes until most are done."""
        before = self.cluster.metrics().get(("actions_total", "cpu", "out"), 0)
        begun = time.monotonic()
        tasks = self.client.map(time.sleep, [TASK_SECONDS] * TASKS, resources={"CPU": 1}, pure=False)
        wait(tasks, timeout=300)
        seconds = time.monotonic() - begun
        outs = self.cluster.metrics().get(("actions_total", "cpu", "out"), 0) - before
        to = f"out cpu to {SIZES['cpu']}:"
        self.say(
            outs == 1 and to in self.cluster.log(),
            f"{TASKS} tasks of 10 ms: {outs:g} scale-out, to {SIZES['cpu']}; done after {seconds:.0f} s",
        )
        del tasks
        self.load.until_empty(self.idle + 2 * DRAIN_SECONDS)

    def killed(self, minutes: float) -> None:
        """Work that comes and goes, while the autoscaler is killed again and again."""
        found = self.load.autoscaler_killed(minutes * 60, KILL_SECONDS)
        ok, text = judge_killed(found, minutes, SIZES["cpu"])
        self.say(ok, text)
        self.load.until_empty(2 * self.idle + 2 * DRAIN_SECONDS)


def judge_killed(found: Killed, minutes: float, size: int) -> tuple[bool, str]:
    """Whether nothing was lost, and what to print."""
    return (
        found.finished == found.tasks and not found.again and found.most <= size,
        f"autoscaler killed {found.kills} times in {minutes:g} min: {found.tasks} tasks, {found.finished} "
        f"finished, {found.again} computed again, at most {found.most} of {size} nodes",
    )


def sample(cluster: ElasticCluster, file: Path, stop: threading.Event) -> None:
    """Write samples until the end."""
    with open(file, "w", encoding="utf-8") as log:
        while not stop.wait(0.5):
            found = cluster.metrics()
            for pool in SIZES:
                if ("wanted_nodes", pool) not in found:
                    continue
                running = found[("nodes", pool, "joined")] + found[("nodes", pool, "draining")]
                entry = {"demand": found[("demand_tasks", pool)], "wanted": found[("wanted_nodes", pool)]}
                line = {"t": round(time.time(), 2), "pool": pool, **entry, "running": running}
                log.write(f"{json.dumps(line)}\n")


def main() -> int:
    """Run all scenarios."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- local")
    parser.add_argument("--idle", type=float, default=10.0, help="idle time of the pools in seconds")
    parser.add_argument("--minutes", type=float, default=10.0, help="time in which the autoscaler is killed")
    parser.add_argument("--samples", type=Path, help="file for samples")
    options = parser.parse_args()
    print(f"Dask {distributed.__version__}, pools {SIZES}")
    stop = threading.Event()
    with ElasticCluster(options.idle, 10.0, SIZES) as cluster, Client(cluster.address, timeout=60) as client:
        sampler = (
            threading.Thread(target=sample, args=(cluster, options.samples, stop))
            if options.samples
            else None
        )
        if sampler:
            sampler.start()
        try:
            bench = Bench(cluster, client, options.idle)
            bench.from_zero()
            bench.mixed()
            bench.burst()
            if options.minutes:
                bench.killed(options.minutes)
        finally:
            stop.set()
            if sampler:
                sampler.join()
    return int(bench.failed)


if __name__ == "__main__":
    sys.exit(main())
