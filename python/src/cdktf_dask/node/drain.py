"""Retires the workers of this node: moves data that only they have to other workers, and closes them.

    run.sh drain tls://scheduler:8786 cpu--ip-10-20-0-17 75

The arguments are the scheduler's address, the name of the node's workers, and the deadline in seconds. Exit
code 1 if it is not done by then, with the reason. SIGTERM would lose the data.
"""

import sys

from distributed import rpc

from cdktf_dask.node.workers import own_workers, run


async def drain(scheduler: rpc, node: str) -> None:
    """Retires all workers of a node.

    Raises:
        RuntimeError: no other worker takes the data of some of them, which therefore stay.
    """
    own = await own_workers(scheduler, node)
    retired = await scheduler.retire_workers(workers=own, close_workers=True) if own else {}
    if len(retired) < len(own):
        raise RuntimeError(f"data stays behind: {len(own) - len(retired)} of {len(own)} found no taker")
    print(f"{len(own)} workers of {node} retired", flush=True)


def main(address: str, node: str, seconds: str) -> int:
    """Runs the command with its arguments; returns its exit code."""
    return run(f"drain of {node}", address, float(seconds), lambda scheduler: drain(scheduler, node))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
