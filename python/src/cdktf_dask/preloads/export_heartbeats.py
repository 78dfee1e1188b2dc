"""Preload of the scheduler: publishes what workers report in their heartbeats as metrics on its `/metrics`.

One scrape of the scheduler covers all workers. Their values arrive over the cluster's own connections, so
workers need no open port for metrics. `extend_heartbeats` adds to the heartbeats what Dask does not report.

A worker can report anything. A value that is not a number in the range of its metric is left out, counted and
logged, so it neither breaks the page nor appears in it.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, get_args

from distributed import Scheduler
from distributed.core import Status
from distributed.scheduler import WorkerState
from distributed.worker_state_machine import TaskStateState

try:
    from prometheus_client import REGISTRY
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None

PREFIX = "dask_cluster_worker_"
"""Beginning of the names of workers' metrics."""

CLUSTER_VARIABLE = "CDKTF_DASK_CLUSTER"
"""Environment variable with the name of the cluster."""

REPORTED = "cdktf-dask"
"""Key of a heartbeat below which `extend_heartbeats` puts its values."""

MAX_LABEL = 128
"""Characters of a label's value; what is longer is cut."""

POOL = re.compile(r"([a-z](?:-?[a-z0-9]){0,62})--")
"""Beginning of the name of a pool's worker, such as `cpu--ip-10-20-0-17`."""

TRANSPORT = re.compile(r"\w{1,32}", re.ASCII)

# Largest plausible values.
BYTES = 2.0**60
COUNT = 2.0**53
SECONDS = 1e9
CORES = 1e4
SHARE = 1.0

Heartbeat = Mapping[str, Any]
Reading = Callable[[WorkerState, Heartbeat], Any]
logger = logging.getLogger("distributed.export_heartbeats")


class NoMapping:
    """Stands for a value below something that is not a mapping."""


def at(*path: str) -> Reading:
    """Reading of a value of the heartbeat; nothing if a key of the path is not there."""

    def read(_: WorkerState, heartbeat: Heartbeat) -> object:
        found: object = heartbeat
        for key in path:
            if found is None:
                return None
            if not isinstance(found, Mapping):
                return NoMapping()
            found = found.get(key)
        return found

    return read


def is_valid(value: Any, limit: float) -> bool:
    """Whether a value is a number from 0 to a limit. NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= limit


def managed(worker: WorkerState, heartbeat: Heartbeat) -> Any:
    """Managed memory in RAM, computed as Dask does; or the value that makes it unknown."""
    process: Any = at("memory")(worker, heartbeat)
    spilled: Any = at("spilled_bytes", "memory")(worker, heartbeat)
    for value in (process, spilled):
        if not is_valid(value, BYTES):
            return value
    return min(process, max(0, worker.nbytes - spilled))


def unmanaged(worker: WorkerState, heartbeat: Heartbeat) -> Any:
    """Memory of the process that Dask does not manage; or the value that makes it unknown."""
    in_ram = managed(worker, heartbeat)
    return heartbeat["memory"] - in_ram if is_valid(in_ram, BYTES) else in_ram


@dataclass(frozen=True)
class Family:
    """A metric of each worker, with a series for each of its readings."""

    name: str
    """Without `PREFIX`. That of a counter ends with `_total`, that of a gauge does not."""
    help: str
    limit: float
    """Largest value."""
    reading: Reading | Mapping[str, Reading]
    """One, or one for each value of the label."""
    label: str | None = None
    scale: float = 1
    """Factor from the heartbeat's unit to that of the metric."""

    @property
    def readings(self) -> Mapping[str, Reading]:
        """Readings by the value of the label."""
        return self.reading if isinstance(self.reading, Mapping) else {"": self.reading}

    def empty(self) -> Any:
        """Return the metric without series."""
        kind = CounterMetricFamily if self.name.endswith("_total") else GaugeMetricFamily
        labels = ["worker", "pool", *([self.label] if self.label else [])]
        return kind(f"{PREFIX}{self.name}", self.help, labels=labels)


WAYS = ("receive", "transmit")
FAMILIES = (
    Family(
        "heartbeat_age_seconds",
        "Time since the scheduler processed the last heartbeat of the worker",
        SECONDS,
        lambda worker, _: max(0.0, time.time() - worker.last_seen),
    ),
    Family("threads", "Threads that run tasks", COUNT, lambda worker, _: worker.nthreads),
    Family(
        "tasks_processing",
        "Tasks that the scheduler has assigned to the worker and that are not done",
        COUNT,
        lambda worker, _: len(worker.processing),
    ),
    Family(
        "tasks",
        "Tasks that the worker knows, by their state in the worker",
        COUNT,
        {state: at("task_counts", state) for state in get_args(TaskStateState)},
        "state",
    ),
    Family(
        "memory_bytes",
        "Memory by type: managed and unmanaged are in RAM, spilled is on disk",
        BYTES,
        {"managed": managed, "unmanaged": unmanaged, "spilled": at("spilled_bytes", "disk")},
        "type",
    ),
    # Dask reports 0 for a worker without a limit.
    Family(
        "memory_limit_bytes",
        "Memory limit; absent without one",
        BYTES,
        lambda worker, _: worker.memory_limit or None,
    ),
    Family(
        "spill_bytes_total",
        "Bytes written to and read from disk by spilling since the start of the worker",
        BYTES,
        {way: at(REPORTED, "spill", way) for way in ("disk-read", "disk-write")},
        "activity",
    ),
    Family("cpu_ratio", "CPU seconds that the process uses in a second", CORES, at("cpu"), scale=0.01),
    Family(
        "event_loop_interval_seconds",
        "Time between two ticks of the event loop, which are due every 0.02 seconds",
        SECONDS,
        at("event_loop_interval"),
    ),
    Family(
        "scratch_bytes",
        "Size and free space of the file system to which the worker spills",
        BYTES,
        {kind: at(REPORTED, "scratch", kind) for kind in ("free", "total")},
        "type",
    ),
    Family(
        "node_oom_kills_total",
        "Processes that the kernel of the worker's node has killed because memory was exhausted",
        COUNT,
        at(REPORTED, "oom_kills"),
    ),
    Family(
        "node_network_bytes_total",
        "Bytes that the worker's node has received and transmitted on all interfaces",
        BYTES,
        {way: at(REPORTED, "network", way) for way in WAYS},
        "direction",
    ),
    Family(
        "gpu_utilization_ratio",
        "Share of time in which a kernel runs on the worker's GPU",
        SHARE,
        at("gpu_utilization"),
        scale=0.01,
    ),
    Family("gpu_memory_used_bytes", "Used memory of the worker's GPU", BYTES, at("gpu_memory_used")),
    Family("gpu_memory_total_bytes", "Memory of the worker's GPU", BYTES, at("gpu-memory-total")),
    Family(
        "gpu_nvlink_bytes_total",
        "Bytes that the worker's GPU has received and transmitted over NVLink",
        BYTES,
        {way: at(REPORTED, "gpu", "nvlink", way) for way in WAYS},
        "direction",
    ),
    Family(
        "gpu_pcie_bytes_total",
        "Bytes that the worker's GPU has received and transmitted over PCI Express",
        BYTES,
        {way: at(REPORTED, "gpu", "pcie", way) for way in WAYS},
        "direction",
    ),
)

STATUS = ("status", "1 for the status of the worker", ("status",))
INFO = ("info", "1, with the name and the host of the worker", ("name", "host"))
TRANSPORTS = ("ucx_transport_info", "1 for each transport that UCX may use in the worker", ("transport",))


def dask_setup(server: object) -> None:
    """Publish the heartbeats as long as the scheduler runs. Dask calls this when the scheduler starts."""
    if not isinstance(server, Scheduler):
        return
    if MISSING is not None:
        logger.warning("metrics of workers are not published: %s", MISSING)
        return
    REGISTRY.register(Collector(server))


def dask_teardown(server: object) -> None:
    """Stop publishing. A process, such as that of a `LocalCluster`, may start another scheduler."""
    for collector in [] if MISSING else list(REGISTRY._collector_to_names):
        if isinstance(collector, Collector) and collector.scheduler is server:
            REGISTRY.unregister(collector)


@dataclass(eq=False)
class Collector:
    """Metrics of the workers of a scheduler. `collect` runs on its event loop, for each scrape."""

    scheduler: Scheduler
    logged: dict[str, set[str]] = field(default_factory=dict)
    """By worker, the metrics whose values were rejected and logged."""

    def describe(self) -> list[Any]:
        """Nothing: otherwise `register` collects, before the scheduler has started."""
        return []

    def collect(self) -> Iterator[Any]:
        """Yield the metrics of the cluster and of its workers."""
        info = GaugeMetricFamily(
            "dask_cluster_info", "1, with the name of the cluster", labels=["name", "dask_version"]
        )
        info.add_metric([label(os.environ.get(CLUSTER_VARIABLE, "")), version("dask")], 1)
        scrape = Scrape(self)
        workers = {label(worker.address): worker for worker in self.scheduler.workers.values()}
        for address, worker in workers.items():
            scrape.add(address, worker)
        self.logged = {address: names for address, names in self.logged.items() if address in workers}
        yield info
        yield GaugeMetricFamily(
            "dask_cluster_rejected_values",
            "Values in heartbeats that this scrape leaves out because they are no values of their metric",
            value=scrape.rejected,
        )
        yield from scrape.families.values()


class Scrape:
    """The metrics of one scrape."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.rejected = 0
        """Values that were left out."""
        self.families: dict[str, Any] = {
            name: GaugeMetricFamily(f"{PREFIX}{name}", text, labels=["worker", "pool", *labels])
            for name, text, labels in (STATUS, INFO, TRANSPORTS)
        } | {family.name: family.empty() for family in FAMILIES}

    def add(self, address: str, worker: WorkerState) -> None:
        """Add the series of a worker."""
        name = str(worker.name) if isinstance(worker.name, str | int) else ""
        pool = POOL.match(name)
        labels = [address, pool[1] if pool else ""]
        heartbeat = worker.metrics if isinstance(worker.metrics, Mapping) else {}
        if isinstance(worker.status, Status):
            self.families["status"].add_metric([*labels, worker.status.name], 1)
        self.families["info"].add_metric([*labels, label(name), label(worker.host)], 1)
        self.add_transports(labels, at(REPORTED, "ucx_transports")(worker, heartbeat))
        for family in FAMILIES:
            add_metric = self.families[family.name].add_metric
            limit = family.limit / family.scale
            for kind, read in family.readings.items():
                value = read(worker, heartbeat)
                if value is None:
                    continue
                if is_valid(value, limit):
                    add_metric([*labels, kind] if family.label else labels, value * family.scale)
                else:
                    self.reject(address, f"{PREFIX}{family.name}", value, f"a number from 0 to {limit:g}")

    def add_transports(self, labels: list[str], transports: object) -> None:
        """Add the transports of UCX, of which there are about ten."""
        if transports is None:
            return
        given = transports if isinstance(transports, list | tuple) else ()
        names = [name for name in given[:32] if isinstance(name, str) and TRANSPORT.fullmatch(name)]
        for name in sorted(set(names)):
            self.families["ucx_transport_info"].add_metric([*labels, name], 1)
        if len(names) < len(given) or given is not transports:
            self.reject(labels[0], f"{PREFIX}ucx_transport_info", transports, "names of transports")

    def reject(self, address: str, name: str, value: object, expected: str) -> None:
        """Count a value that is left out. Log the first of each worker and metric, without its text."""
        self.rejected += 1
        logged = self.collector.logged.setdefault(address, set())
        if name not in logged:
            logged.add(name)
            got = f"{type(value).__name__} {value if isinstance(value, float) else ''}".strip()
            logger.warning(
                "worker %s: %s is left out of the metrics: got %s, expected %s", address, name, got, expected
            )


def label(text: object) -> str:
    """Value of a label: cut, and without characters that are not printable, such as line breaks."""
    cut = str(text)[:MAX_LABEL]
    return cut if cut.isprintable() else "".join(char if char.isprintable() else "?" for char in cut)
