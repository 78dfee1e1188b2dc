"""Waits until the workers of this node are registered with their scheduler.

    run.sh join tls://scheduler:8786 cpu--ip-10-20-0-17 1200 4

The arguments are the scheduler's address, the name of the node's workers, the deadline in seconds, and the
number of workers. Exit code 1 if they are not registered by then, with the last state seen.
"""

import asyncio
import sys
from time import monotonic

from distributed import rpc

from cdktf_dask.node.workers import own_workers, run

POLL_SECONDS = 0.5
PROGRESS_SECONDS = 15
"""How often an unchanged state is printed again."""


async def join(scheduler: rpc, node: str, count: int) -> None:
    """Returns once `count` workers of the node are registered, however often the scheduler is lost before."""
    printed, due, registered = "", 0.0, 0
    while registered < count:
        try:
            registered = len(await own_workers(scheduler, node))
            line = f"{registered} of {count} workers of {node} are registered"
        except OSError:
            line = f"{scheduler.address} does not answer yet"
        if line != printed or monotonic() > due:
            print(line, flush=True)
            printed, due = line, monotonic() + PROGRESS_SECONDS
        await asyncio.sleep(POLL_SECONDS)


def main(address: str, node: str, seconds: str, count: str) -> int:
    """Runs the command with its arguments; returns its exit code."""
    return run(
        f"join of {node}", address, float(seconds), lambda scheduler: join(scheduler, node, int(count))
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
