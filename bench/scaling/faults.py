"""Faults of what the autoscaler needs: it is killed, its scheduler is killed, AWS throttles its calls.

    npm run bench:scaling -- faults [--idle SECONDS] [--minutes MINUTES]

`--minutes` is the time in which the autoscaler is killed every 30 s, and the time in which AWS throttles: the
first in real time on a local cluster, the second in virtual time with a double of an Auto Scaling group, as
AWS cannot be made to throttle. Tasks of a scheduler that is killed are lost, and so are their results: Dask
keeps both in its memory. The client submits them again. Exit code 1 if a promise is not kept.
"""

import argparse
import logging
import sys

import distributed
from distributed import Client
from local import DRAIN_SECONDS, KILL_SECONDS, SIZES, judge_killed

from elastic_cluster import ElasticCluster
from elastic_load import Load
from throttled_group import LIMITS, throttled

CATCH_UP_SECONDS = 60.0


def scheduler_killed(load: Load) -> tuple[bool, str]:
    """The scheduler is killed during work."""
    found = load.scheduler_killed()
    return (
        found.finished == found.tasks and not found.drained and found.most <= SIZES["cpu"],
        f"scheduler killed with {found.lost} of {found.tasks} tasks unfinished, submitted again by client: "
        f"{found.finished} finished, {found.drained} nodes drained within the idle time after it, "
        f"at most {found.most} of {SIZES['cpu']} nodes",
    )


def aws_throttles(minutes: float) -> tuple[bool, str]:
    """AWS throttles, whenever within a minute that begins and ends."""
    runs = [throttled(minutes * 60 + more) for more in range(0, 60, 3)]
    tasks, finished, lost = (
        sum(getattr(run, what) for run in runs) for what in ("tasks", "finished", "lost")
    )
    most, usd = max(run.most for run in runs), max(run.most_usd for run in runs)
    late = max(run.caught_up for run in runs)
    first = min(run.caught_up for run in runs)
    return (
        tasks == finished
        and not lost
        and not any(run.left for run in runs)
        and most <= (LIMITS.max_nodes or 0)
        and usd <= (LIMITS.max_hourly_cost or 0.0)
        and first > 0
        and late <= CATCH_UP_SECONDS,
        f"AWS throttles for {minutes:g} min, {len(runs)} times in virtual time: {tasks} tasks, "
        f"{finished} finished, {lost} on an instance that ended, at most {most} of {LIMITS.max_nodes} nodes "
        f"and {usd:.2f} of {LIMITS.max_hourly_cost:.2f} USD per hour, caught up after {late:.0f} s at most",
    )


def main() -> int:
    """Run all scenarios."""
    parser = argparse.ArgumentParser(prog="npm run bench:scaling -- faults")
    parser.add_argument("--idle", type=float, default=10.0, help="idle time of the local pools in seconds")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the faults last, at least 1")
    options = parser.parse_args()
    if options.minutes < 1:
        parser.error(f"--minutes: got {options.minutes:g}, expected at least 1")
    print(f"Dask {distributed.__version__}, pools {SIZES}")
    # A client and a double log what is expected here.
    logging.disable(logging.CRITICAL)
    failed = False

    def say(ok: bool, text: str) -> None:
        nonlocal failed
        failed |= not ok
        print(f"{'ok    ' if ok else 'FAILED'} {text}", flush=True)

    say(*aws_throttles(options.minutes))
    with ElasticCluster(options.idle, 10.0, SIZES) as cluster, Client(cluster.address, timeout=60) as client:
        load = Load(cluster, client, options.idle)
        say(
            *judge_killed(
                load.autoscaler_killed(options.minutes * 60, KILL_SECONDS), options.minutes, SIZES["cpu"]
            )
        )
        load.until_empty(2 * options.idle + 2 * DRAIN_SECONDS)
        say(*scheduler_killed(load))
        load.until_empty(2 * options.idle + 2 * DRAIN_SECONDS)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
