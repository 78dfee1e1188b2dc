"""Preload of workers: adds to their heartbeats what Dask does not report.

The scheduler publishes the heartbeats as metrics (`export_heartbeats`). A reading that fails is left out of
the heartbeat and logged once: a worker never fails because of its metrics.
"""

import logging
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from distributed import Worker
from distributed.diagnostics import nvml

REPORTED = "cdktf-dask"
"""Key of the heartbeat with the values of this file."""

ALL_LINKS = 2**32 - 1
"""Scope of a field of NVML: the sum of all NVLinks of the GPU."""

# Number, scope and unit in bytes of NVML's fields. The binding of release 2024.7 does not have all names:
# these are NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_* and NVML_FI_DEV_PCIE_COUNT_*_BYTES of nvml.h.
FIELDS = {
    ("nvlink", "transmit"): (138, ALL_LINKS, 1024),
    ("nvlink", "receive"): (139, ALL_LINKS, 1024),
    ("pcie", "transmit"): (197, 0, 1),
    ("pcie", "receive"): (198, 0, 1),
}

VALUE_TYPES = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")
"""Member of a field's value for each `nvmlValueType_t`."""

logger = logging.getLogger("distributed.extend_heartbeats")


def dask_setup(server: object) -> None:
    """Extend the heartbeats of a worker. Dask calls this when the worker starts."""
    if isinstance(server, Worker):
        server.metrics[REPORTED] = Readings()


class Readings:
    """Values for a heartbeat; Dask calls this for each heartbeat of a worker."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        """Readings whose failure was logged."""

    def __call__(self, worker: Worker) -> dict[str, Any]:
        """Read all values; without those that fail or that the worker does not have."""
        found: dict[str, Any] = {}
        for name, read in READINGS.items():
            try:
                value = read(worker)
            except Exception as error:
                if name not in self.failed:
                    self.failed.add(name)
                    logger.warning("heartbeats are without %s: %s", name, error)
            else:
                if value is not None:
                    found[name] = value
        return found


def scratch(worker: Worker) -> dict[str, int]:
    """Size and free space in bytes of the file system to which the worker spills."""
    usage = shutil.disk_usage(worker.local_directory)
    return {"free": usage.free, "total": usage.total}


def oom_kills(_: Worker) -> int | None:
    """Processes that the kernel killed because memory was exhausted, since the node started."""
    with open("/proc/vmstat", encoding="ascii") as lines:
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def network(_: Worker) -> dict[str, int]:
    """Bytes on all interfaces of the node."""
    import psutil  # a worker without it still has its other readings

    totals = psutil.net_io_counters()
    return {"receive": totals.bytes_recv, "transmit": totals.bytes_sent}


def spill(worker: Worker) -> dict[str, int] | None:
    """Bytes that the worker wrote to and read from disk by spilling; nothing if it does not spill."""
    totals: Mapping[tuple[str, str], float] | None = getattr(worker.data, "cumulative_metrics", None)
    if totals is None:
        return None
    return {way: int(totals.get((way, "bytes"), 0)) for way in ("disk-read", "disk-write")}


def ucx_transports(worker: Worker) -> list[str] | None:
    """Transports that UCX may use; nothing if the worker does not use UCX."""
    if not worker.address.startswith("ucx"):
        return None
    import ucxx

    return sorted(ucxx.get_active_transports())


def gpu(_: Worker) -> dict[str, dict[str, int]] | None:
    """Bytes over NVLink and PCI Express, as far as NVML counts them; nothing without GPU."""
    if nvml.device_get_count() == 0:
        return None
    library: Any = vars(nvml)["pynvml"]
    fields = [(number, scope) for number, scope, _ in FIELDS.values()]
    values = library.nvmlDeviceGetFieldValues(nvml._pynvml_handles(), fields)
    found: dict[str, dict[str, int]] = {}
    for ((link, direction), (_number, _scope, unit)), value in zip(FIELDS.items(), values, strict=True):
        if value.nvmlReturn == 0:
            count = getattr(value.value, VALUE_TYPES[value.valueType])
            found.setdefault(link, {})[direction] = int(count) * unit
    return found


READINGS: dict[str, Callable[[Worker], object]] = {
    "scratch": scratch,
    "oom_kills": oom_kills,
    "network": network,
    "spill": spill,
    "ucx_transports": ucx_transports,
    "gpu": gpu,
}
