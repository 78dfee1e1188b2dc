"""The functions that run on the workers. They are sent by value, so the workers need no copy of this file."""

from __future__ import annotations

import os
import shutil
import time


def add_squares(start: int, stop: int, so_far: int) -> int:
    """Add the squares of start..stop-1 to a sum that another worker may hold."""
    return so_far + sum(i * i for i in range(start, stop))


def place_of_work(_index: int, seconds: float) -> str:
    """Occupy one thread for so long, then say on which worker (its address)."""
    from distributed import get_worker

    time.sleep(seconds)
    return get_worker().address


def gpu_squares(n: int) -> dict:
    """Compile and run a CUDA kernel on this worker's GPU: the sum of the squares of 0..n-1."""
    import cupy

    square = cupy.ElementwiseKernel("int64 x", "int64 y", "y = x * x", "smoke_test_square")
    total = int(square(cupy.arange(n, dtype=cupy.int64)).sum())
    name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"]
    return {
        "total": total,
        "device": name.decode() if isinstance(name, bytes) else str(name),
    }


def memory_settings(dask_worker) -> dict:
    """This worker's memory limit, what it may spill, and the memory that Dask finds on its node, in bytes."""
    from distributed import system

    manager = dask_worker.memory_manager
    return {
        "limit": manager.memory_limit,
        "max_spill": manager.max_spill,
        "threshold": manager.memory_target_fraction or manager.memory_spill_fraction,
        "node": system.MEMORY_LIMIT,
    }


def write_probe(dask_worker) -> dict:
    """Write, flush and remove a file where this worker spills; say where and how many bytes are free."""
    storage = os.path.join(dask_worker.local_directory, "storage")
    directory = storage if os.path.isdir(storage) else dask_worker.local_directory
    probe = os.path.join(directory, f".smoke-test-{os.getpid()}")
    try:
        with open(probe, "wb") as file:
            file.write(b"\0" * 65536)
            file.flush()
            os.fsync(file.fileno())
        os.remove(probe)
        return {"directory": directory, "free": shutil.disk_usage(directory).free, "error": None}
    except OSError as error:
        return {"directory": directory, "free": 0, "error": str(error)}


# Dask sends a function by its name where pickle can find it, and the workers cannot import this file.
# What belongs to __main__ is sent by value.
for _function in (add_squares, place_of_work, gpu_squares, memory_settings, write_probe):
    _function.__module__ = "__main__"
