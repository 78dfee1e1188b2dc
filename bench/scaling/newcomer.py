"""Share of a worker that joins a GPU pool late, next to an idle CPU pool; time that the scheduler is blocked.

    npm run bench:scaling -- newcomer [TASKS] [--milliseconds MS] [--batch TASKS] [--without]

`--batch` submits the tasks in graphs of so many tasks. `--without` leaves out the balance within pools. Exit
code 1 if a task starts twice; with the balance also if the newcomer gets less than 40 % of the tasks
that were left, or if a round takes more than 250 ms; with `--batch` also if the loop is blocked so long.
"""

import argparse
import sys
import time
from collections import Counter
from typing import Any

import distributed
from distributed import Client, get_worker

from cluster import SOURCES, Cluster

BLOCKED_SECONDS = 0.25

PRELOADS = ("count_demand", "serve_autoscaling")


def main() -> int:
    """Run the tasks, and print what the second worker ran."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- newcomer")
    parser.add_argument("tasks", type=int, nargs="?", default=10_000)
    parser.add_argument("--milliseconds", type=float, default=10)
    parser.add_argument("--batch", type=int, default=None, help="tasks of a graph; by default all")
    parser.add_argument("--without", action="store_true", help="without the balance within pools")
    options = parser.parse_args()
    names = PRELOADS if options.without else (*PRELOADS, "balance_pools")
    paths = [str(SOURCES / "cdktf_dask" / "preloads" / f"{name}.py") for name in names]
    with Cluster(*(word for path in paths for word in ("--preload", path))) as cluster:
        cluster.worker("cpu--a", "CPU=64", "--nthreads", "64")
        cluster.worker("gpu--a", "GPU=1")
        with Client(cluster.address, timeout=60) as client:
            client.run_on_scheduler(watch_loop)
            started = time.monotonic()
            futures = client.map(
                work,
                range(options.tasks),
                seconds=options.milliseconds / 1e3,
                resources={"GPU": 1},
                pure=False,
                batch_size=options.batch,
            )
            # The last one is placed.
            while not client.run_on_scheduler(is_known, key=futures[-1].key):
                time.sleep(0.1)
            submitting = client.run_on_scheduler(blocked_seconds)
            cluster.worker("gpu--b", "GPU=1")
            earlier = sum(future.done() for future in futures)
            shares = Counter(client.gather(futures))
            seconds = time.monotonic() - started
            starts = sum(client.run(number_of_starts).values())
            blocked = client.run_on_scheduler(blocked_seconds)
            moves, longest = client.run_on_scheduler(balance_so_far)
    left = options.tasks - earlier
    share = 100 * shares["gpu--b"] / left
    graphs = f" in graphs of {options.batch}" if options.batch else ""
    balance = "without" if options.without else "with"
    print(
        f"{options.tasks} tasks of {options.milliseconds:g} ms{graphs}, Dask {distributed.__version__}, "
        f"{balance} the balance: the newcomer ran {shares['gpu--b']} of the {left} tasks that were left "
        f"({share:.0f} %); {starts - options.tasks} started twice; done after {seconds:.1f} s; "
        f"{moves} tasks moved by the balance, whose longest round took {1e3 * longest:.0f} ms; "
        f"the scheduler's event loop was blocked for at most {1e3 * submitting:.0f} ms while Dask placed the "
        f"tasks, and {1e3 * blocked:.0f} ms afterwards"
    )
    unbalanced = not options.without and (share < 40 or longest > BLOCKED_SECONDS)
    blocks = options.batch is not None and max(submitting, blocked) > BLOCKED_SECONDS
    return int(starts != options.tasks or unbalanced or blocks)


def work(number: int, seconds: float) -> str:
    worker: Any = get_worker()
    worker.starts = getattr(worker, "starts", 0) + 1
    time.sleep(seconds)
    return str(worker.name)


def number_of_starts(dask_worker: Any) -> int:
    return getattr(dask_worker, "starts", 0)


def is_known(key: str, dask_scheduler: Any) -> bool:
    return key in dask_scheduler.tasks


def watch_loop(dask_scheduler: Any) -> None:
    """Record the longest time in which the event loop did not get to a callback that was due."""
    last = [time.perf_counter()]
    dask_scheduler.bench_blocked = 0.0

    def tick() -> None:
        now = time.perf_counter()
        dask_scheduler.bench_blocked = max(dask_scheduler.bench_blocked, now - last[0] - 0.01)
        last[0] = now
        dask_scheduler.loop.call_later(0.01, tick)

    tick()


def blocked_seconds(dask_scheduler: Any) -> float:
    """The longest time since the last call."""
    seconds, dask_scheduler.bench_blocked = dask_scheduler.bench_blocked, 0.0
    return float(seconds)


def balance_so_far(dask_scheduler: Any) -> tuple[int, float]:
    plugin = dask_scheduler.plugins.get("balance-pools")
    return (plugin.moves, plugin.longest_seconds) if plugin else (0, 0.0)


if __name__ == "__main__":
    sys.exit(main())
