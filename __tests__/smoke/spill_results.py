"""Keeps 15 results on one worker of a cluster, 1.5 times its memory limit in all, and reports the outcome.

    spill_results.py tcp://127.0.0.1:8786

Prints one JSON document: the sums of the results and those expected, the bytes that the worker had spilled,
and of every worker its memory limit, its peak of resident memory, and whether it is the process that it was.
"""

import json
import os
import sys

import numpy
from distributed import Client, wait

RESULTS = 15
SECONDS = 90


def result(seed: int, size: int) -> numpy.ndarray:
    """Bytes that do not compress."""
    return numpy.random.default_rng(seed).integers(0, 2**62, size // 8)


def peak() -> int:
    """Most resident memory that this process has had, in bytes (proc(5), VmHWM)."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def report(client: Client) -> dict:
    limits = client.run(lambda dask_worker: dask_worker.memory_manager.memory_limit)
    processes = client.run(os.getpid)
    busy, limit = next(iter(limits.items()))
    size = int(1.5 * limit) // RESULTS
    kept = client.map(result, range(RESULTS), size=size, workers=[busy], pure=False)
    wait(kept, timeout=SECONDS)
    spilled = client.run(lambda dask_worker: dask_worker.data.spilled_total.disk, workers=[busy])[busy]
    sums = client.map(lambda array: int(array.sum()), kept, workers=[busy], pure=False)
    return {
        "sums": client.gather(sums),
        "expected": [int(result(seed, size).sum()) for seed in range(RESULTS)],
        "spilled": spilled,
        "workers": [
            {"limit": limits[address], "peak": at_most, "same": client.run(os.getpid)[address] == process}
            for (address, at_most), process in zip(client.run(peak).items(), processes.values(), strict=True)
        ],
    }


if __name__ == "__main__":
    with Client(sys.argv[1], timeout=30) as connected:
        print(json.dumps(report(connected)))
