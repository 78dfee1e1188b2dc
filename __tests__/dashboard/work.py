"""Keeps the workers of a cluster busy: loads, cleans and adds up parts in a loop.

work.py tcp://127.0.0.1:8786
"""

import random
import sys
import time

import dask
from distributed import Client


@dask.delayed
def load(part: int) -> bytes:
    """A part of a megabyte."""
    time.sleep(random.uniform(0.05, 0.25))
    return random.randbytes(1_000_000)


@dask.delayed
def clean(part: bytes) -> bytes:
    """Half of it."""
    time.sleep(random.uniform(0.02, 0.15))
    return part[::2]


@dask.delayed
def total(parts: list[bytes]) -> int:
    """The size of all."""
    time.sleep(0.3)
    return sum(map(len, parts))


with Client(sys.argv[1]) as client:
    while True:
        sums = [total([clean(load(8 * batch + part)) for part in range(8)]) for batch in range(8)]
        assert sum(client.gather(client.compute(sums))) == 8 * 8 * 500_000
