"""Says whether the scheduler has all workers of this machine: exit code 0, or 1.

registered.py tcp://scheduler:8786 cpu--ip-10-20-0-17 1
"""

import asyncio
import logging
import sys

from distributed import Client
from drain import CONNECT_SECONDS, own_workers


async def registered(address: str, machine: str) -> int:
    """Number of the machine's workers."""
    async with Client(address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False) as client:
        return len(await own_workers(client, machine))


def main(address: str, machine: str, wanted: str) -> int:
    """Look once."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        count = asyncio.run(registered(address, machine))
    except OSError:
        print(f"{address} does not answer yet", flush=True)
        return 1
    print(f"{count} of {wanted} workers of {machine} are registered", flush=True)
    return 0 if count >= int(wanted) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
