"""Drains the workers of this node, which stops: they leave within a deadline, whatever they still have.

    run.sh drain tls://scheduler:8786 cpu--ip-10-20-0-17 75

The arguments are the scheduler's address, the name of the node's workers, and the deadline in seconds.
SIGTERM would lose the data. Exit code 1 with the reason if something is lost, or if it is not done by then.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from distributed import rpc

from cdktf_dask.node.workers import own_workers, run
from cdktf_dask.preloads.drain_workers import named

ANSWER_SECONDS = 3
"""Part of the deadline for the connection, and for the pause after the drain."""

PAUSE_SECONDS = 1
"""A worker that gets a SIGTERM while it closes hangs until it is killed."""


async def drain(scheduler: rpc, node: str, seconds: float) -> None:
    """Drains all workers of a node.

    Raises:
        RuntimeError: something is lost.
    """
    own = await own_workers(scheduler, node)
    if not own:
        print(f"{node} has no workers to drain", flush=True)
        return
    outcome = await scheduler.drain(workers=own, seconds=max(1, seconds - ANSWER_SECONDS), force=True)
    if outcome is None:  # what a scheduler answers that lacks the handler
        await retire(scheduler, node, own)
    else:
        report(node, outcome)
    await asyncio.sleep(PAUSE_SECONDS)
    if outcome and outcome["lost"]:
        raise RuntimeError(f"no worker took over what is lost: {named(outcome['lost'])}")


async def retire(scheduler: rpc, node: str, own: list[str]) -> None:
    """Retires workers at a scheduler without the preload. Tasks that they run start again on others.

    Raises:
        RuntimeError: no other worker takes the data of some of them, which therefore stay.
    """
    retired = await scheduler.retire_workers(workers=own, close_workers=True)
    if len(retired) < len(own):
        raise RuntimeError(f"data stays behind: {len(own) - len(retired)} of {len(own)} found no taker")
    print(f"{len(own)} workers of {node} retired", flush=True)


def report(node: str, outcome: Mapping[str, Any]) -> None:
    """Prints what a drain did."""
    print(
        f"{len(outcome['retired'])} workers of {node} retired in {outcome['seconds']:g} s, "
        f"{outcome['given_back']} waiting tasks given back",
        flush=True,
    )
    if outcome["rerun"]:
        print(f"tasks that did not finish, and run again: {named(outcome['rerun'])}", flush=True)


def main(address: str, node: str, seconds: str) -> int:
    """Runs the command with its arguments; returns its exit code."""
    limit = float(seconds)
    return run(f"drain of {node}", address, limit, lambda scheduler: drain(scheduler, node, limit))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
