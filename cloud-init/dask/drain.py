"""Moves what only this machine's workers hold to other workers: SIGTERM alone would lose it.

drain.py tcp://scheduler:8786 cpu--ip-10-20-0-17 75

Takes no longer than the given seconds. Exit code 1 where data stays behind, with the reason.
"""

import asyncio
import faulthandler
import logging
import re
import sys

from distributed import Client

CONNECT_SECONDS = 5


async def own_workers(client: Client, machine: str) -> list[str]:
    """Addresses of the workers named after the machine, with a number each where it runs several."""
    own = re.compile(re.escape(machine) + r"(-\d+)?")
    workers = (await client.scheduler.identity())["workers"]
    return [address for address, worker in workers.items() if own.fullmatch(str(worker["name"]))]


async def drain(address: str, machine: str) -> str:
    """Retire the workers: copy what only they hold, then close them."""
    async with Client(address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False) as client:
        own = await own_workers(client, machine)
        retired = await client.retire_workers(workers=own, close_workers=True) if own else {}
        if len(retired) < len(own):
            raise RuntimeError(f"{len(own) - len(retired)} of {len(own)} workers found no taker")
        return f"{len(own)} workers of {machine} retired"


def main(address: str, machine: str, seconds: str) -> int:
    """Run the drain against its deadline."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # For an event loop that hangs, and so never notices the deadline.
    faulthandler.dump_traceback_later(float(seconds) + CONNECT_SECONDS, exit=True)
    try:
        print(asyncio.run(asyncio.wait_for(drain(address, machine), float(seconds))), flush=True)
    except (OSError, RuntimeError) as error:  # a deadline is an OSError too, without a text
        print(f"data of {machine} stays behind: {error or f'not moved after {seconds} s'}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
