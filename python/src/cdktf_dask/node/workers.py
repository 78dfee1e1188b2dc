"""The workers of this node at their scheduler, for programs with a deadline."""

import asyncio
import faulthandler
import logging
from collections.abc import Awaitable, Callable

from distributed import Security, rpc

from cdktf_dask.node.names import belongs_to

CONNECT_SECONDS = 5


async def own_workers(scheduler: rpc, node: str) -> list[str]:
    """Addresses of the workers of a node."""
    workers = (await scheduler.identity())["workers"]
    return [address for address, worker in workers.items() if belongs_to(worker["name"], node)]


def run(title: str, address: str, seconds: float, task: Callable[[rpc], Awaitable[None]]) -> int:
    """Runs a task with the scheduler at an address, with the certificate of Dask's configuration.

    Takes no longer than the given seconds. Returns an exit code: 0, or 1 after a line with the title and the
    reason.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # For an event loop that hangs, and so never notices the deadline.
    faulthandler.dump_traceback_later(seconds + CONNECT_SECONDS, exit=True)
    try:
        asyncio.run(_with_scheduler(address, seconds, task))
    except (OSError, RuntimeError) as error:  # a deadline is an OSError too, without a text
        print(f"{title}: {str(error) or f'not done after {seconds:g} s'}", flush=True)
        return 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    return 0


async def _with_scheduler(address: str, seconds: float, task: Callable[[rpc], Awaitable[None]]) -> None:
    # Not a client: one that lost its scheduler for long is of no use any more.
    arguments = Security().get_connection_args("worker")
    connection = rpc(address, timeout=CONNECT_SECONDS, connection_args=arguments)
    async with asyncio.timeout(seconds), connection as scheduler:
        await task(scheduler)
