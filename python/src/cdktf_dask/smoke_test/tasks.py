"""The functions that run on the workers."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, Literal, TypedDict

from .by_value import ByValue

if TYPE_CHECKING:
    from distributed import Worker


class GpuSum(TypedDict):
    """Result of `gpu_squares`."""

    total: int
    device: str
    """Name of the GPU, as CUDA reports it."""


class MemorySettings(TypedDict):
    """Memory settings of a worker; amounts in bytes."""

    limit: int | None
    max_spill: int | Literal[False]
    """`False`: without a limit."""
    threshold: float | Literal[False]
    """Share of the limit above which the worker spills; `False`: never."""
    node: int
    """Memory that Dask finds on the worker's node."""


class WriteProbe(TypedDict):
    """Result of `write_probe`."""

    directory: str
    free: int
    """Bytes."""
    error: str | None


@ByValue
def add_squares(start: int, stop: int, so_far: int) -> int:
    """Adds the squares of start..stop-1 to a sum that another worker may have computed."""
    return so_far + sum(i * i for i in range(start, stop))


@ByValue
def place_of_work(_index: int, seconds: float) -> str:
    """Occupies one thread for some seconds, then returns the address of its worker."""
    from distributed import get_worker

    time.sleep(seconds)
    return get_worker().address


@ByValue
def gpu_squares(n: int) -> GpuSum:
    """Compiles and runs a CUDA kernel on this worker's GPU: the sum of the squares of 0..n-1."""
    import cupy

    square = cupy.ElementwiseKernel("int64 x", "int64 y", "y = x * x", "smoke_test_square")
    total = int(square(cupy.arange(n, dtype=cupy.int64)).sum())
    name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"]
    return {
        "total": total,
        "device": name.decode() if isinstance(name, bytes) else str(name),
    }


@ByValue
def memory_settings(dask_worker: Worker) -> MemorySettings:
    """Returns this worker's memory limit, what it may spill, and the memory that Dask finds on its node."""
    from distributed import system

    manager = dask_worker.memory_manager
    return {
        "limit": manager.memory_limit,
        "max_spill": manager.max_spill,
        "threshold": manager.memory_target_fraction or manager.memory_spill_fraction,
        "node": system.MEMORY_LIMIT,
    }


@ByValue
def write_probe(dask_worker: Worker) -> WriteProbe:
    """Writes, flushes and removes a file where this worker spills; returns where, and the free bytes."""
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
