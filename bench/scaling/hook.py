"""Scheduler CPU with and without the counters of `count_demand`, in alternating runs of a scheduler.

    npm run bench:scaling -- hook [TASKS] [--pairs PAIRS]

A run submits trivial tasks and waits for them. Exit code
1 if the hook takes more than 1 % of the scheduler's CPU.
"""

import argparse
import sys
import time
from itertools import pairwise
from statistics import median
from typing import Any

import distributed
from distributed import Client, wait

from cluster import SOURCES, Cluster

LIMIT_PERCENT = 1.0


def main() -> int:
    """Run the pairs and print the medians."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- hook")
    parser.add_argument("tasks", type=int, nargs="?", default=50_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    preload = SOURCES / "cdktf_dask" / "preloads" / "count_demand.py"
    with Cluster("--preload", str(preload)) as cluster, Client(cluster.address, timeout=60) as client:
        cluster.worker("cpu--a", "CPU=4", "--nthreads", "4")
        run(client, options.tasks // 10)
        microseconds = hook_microseconds(client)
        without, with_counters = [], []
        for number in range(options.pairs):
            for counted in (number % 2 == 0, number % 2 == 1):
                client.run_on_scheduler(switch, counted)
                (with_counters if counted else without).append(run(client, options.tasks))
    base = median(without)
    percent = 100 * microseconds / base
    print(
        f"{options.tasks} tasks, {options.pairs} pairs, Dask {distributed.__version__}: scheduler CPU "
        f"{base:.0f} µs a task without counters, {median(with_counters):.0f} µs with them (medians; "
        f"from {min(without + with_counters):.0f} to {max(without + with_counters):.0f}); "
        f"calls of the hook in a loop take {microseconds:.2f} µs a task: {percent:.2f} %"
    )
    return int(percent > LIMIT_PERCENT)


def run(client: Client, tasks: int) -> float:
    """CPU time of the scheduler in microseconds a task."""
    before = client.run_on_scheduler(cpu_seconds)
    futures = client.map(abs, range(tasks), pure=False)
    wait(futures, timeout=1_000)
    spent = client.run_on_scheduler(cpu_seconds) - before
    del futures
    while client.run_on_scheduler(number_of_tasks):
        time.sleep(0.5)
    return 1e6 * spent / tasks


def hook_microseconds(client: Client) -> float:
    """Time of the hook for the changes of state of one task, called in a loop on the scheduler."""
    return client.run_on_scheduler(time_hook)


def time_hook(dask_scheduler: Any) -> float:
    plugin = dask_scheduler.plugins["demand"]
    key, task = "bench-1", type("Task", (), {"resource_restrictions": None})()
    task.prefix = type("Prefix", (), {"name": "bench"})()
    plugin.tasks = {key: task}  # stands for the tasks of the scheduler
    states = ("released", "waiting", "queued", "processing", "memory", "released", "forgotten")
    changes = list(pairwise(states))
    started = time.process_time()
    for _ in range(20_000):
        for start, finish in changes:
            plugin.transition(key, start, finish, stimulus_id="bench", worker="tcp://none")
    spent = time.process_time() - started
    plugin.tasks = dask_scheduler.tasks
    return 1e6 * spent / 20_000


def switch(counted: bool, dask_scheduler: Any) -> None:
    """Add or remove the plugin, while there are no tasks."""
    plugins = dask_scheduler.plugins
    parked = dask_scheduler.extensions.setdefault("bench: parked", {})
    if counted and "demand" not in plugins:
        plugins["demand"] = parked.pop("demand")
    elif not counted and "demand" in plugins:
        parked["demand"] = plugins.pop("demand")


def cpu_seconds() -> float:
    return time.process_time()


def number_of_tasks(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


if __name__ == "__main__":
    sys.exit(main())
