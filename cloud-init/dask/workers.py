# This machine's workers at their scheduler, to which it shows the machine's certificate.
#
#     workers.py wait tls://scheduler:8786 cpu--ip-10-20-0-17 1200 4
#         until the scheduler has all four of them
#     workers.py drain tls://scheduler:8786 cpu--ip-10-20-0-17 75
#         moves what only they hold to other workers, and closes them: SIGTERM alone would lose it
#
# Takes no longer than the given seconds. Exit code 1 where it is not done then, with the reason.

import asyncio
import faulthandler
import logging
import re
import sys
from collections.abc import Awaitable, Callable
from time import monotonic

from distributed import Security, rpc

CONNECT_SECONDS = 5
PROGRESS_SECONDS = 15


# Addresses of the workers named after the machine, with a number each where it runs several.
async def own_workers(scheduler: rpc, machine: str) -> list[str]:
    own = re.compile(re.escape(machine) + r"(-\d+)?")
    workers = (await scheduler.identity())["workers"]
    return [address for address, worker in workers.items() if own.fullmatch(str(worker["name"]))]


async def drain(scheduler: rpc, machine: str) -> None:
    own = await own_workers(scheduler, machine)
    retired = await scheduler.retire_workers(workers=own, close_workers=True) if own else {}
    if len(retired) < len(own):
        raise RuntimeError(f"data stays behind: {len(own) - len(retired)} of {len(own)} found no taker")
    print(f"{len(own)} workers of {machine} retired", flush=True)


# Looks again and again, through any loss of the connection; says what is new, and at times what still holds.
async def wait(scheduler: rpc, machine: str, wanted: str) -> None:
    said, due, count = "", 0.0, 0
    while count < int(wanted):
        try:
            count = len(await own_workers(scheduler, machine))
            line = f"{count} of {wanted} workers of {machine} are registered"
        except OSError:
            line = f"{scheduler.address} does not answer yet"
        if line != said or monotonic() > due:
            print(line, flush=True)
            said, due = line, monotonic() + PROGRESS_SECONDS
        await asyncio.sleep(0.5)


VERBS: dict[str, Callable[..., Awaitable[None]]] = {"wait": wait, "drain": drain}


async def do(verb: str, address: str, machine: str, seconds: str, *more: str) -> None:
    # Not a client: one that lost its scheduler for long is of no use any more.
    known = Security().get_connection_args("worker")
    connection = rpc(address, timeout=CONNECT_SECONDS, connection_args=known)
    async with asyncio.timeout(float(seconds)), connection as scheduler:
        await VERBS[verb](scheduler, machine, *more)


def main(verb: str, address: str, machine: str, seconds: str, *more: str) -> int:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # For an event loop that hangs, and so never notices the deadline.
    faulthandler.dump_traceback_later(float(seconds) + CONNECT_SECONDS, exit=True)
    try:
        asyncio.run(do(verb, address, machine, seconds, *more))
    except (OSError, RuntimeError) as error:  # a deadline is an OSError too, without a text
        print(f"{verb} of {machine}: {str(error) or f'not done after {seconds} s'}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
