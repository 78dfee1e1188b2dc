"""Gives a cluster the work that its alerts are about, and stays until it is ended.

load.py tcp://127.0.0.1:8786
"""

import os
import sys
import time

from distributed import Client

MEGABYTE = 1_000_000


def part(number: int) -> bytes:
    """Ten megabytes that compression does not shrink."""
    return os.urandom(10 * MEGABYTE)


def fail(number: int) -> None:
    """A task that fails."""
    raise ValueError(f"task {number} fails")


def kill(number: int) -> None:
    """A task that ends its worker, as a crash or the kernel does."""
    os._exit(1)


def increment(number: int) -> int:
    """A task that does nothing else."""
    time.sleep(0.05)
    return number + 1


with Client(sys.argv[1]) as client:
    # 600 MB, of which the workers keep a third in memory. Until it is there, no worker is killed.
    kept = client.map(part, range(60), pure=False)
    while not all(future.status == "finished" for future in kept):
        time.sleep(0.5)
    print("kept", flush=True)
    failed = client.submit(fail, 1)
    waiting = client.submit(increment, 1, resources={"GPU": 1})
    input()
    killers = client.map(kill, range(1), pure=False)
    while True:
        client.gather(client.map(increment, range(20), pure=False))
