"""The metrics that the scheduler publishes of heartbeats: exact values, rejected values, and their cost."""

import asyncio
import copy
import logging
import math
import time
from types import SimpleNamespace
from typing import get_args

import pytest
from distributed import Scheduler
from distributed.scheduler import WorkerState
from distributed.worker_state_machine import TaskStateState
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from cdktf_dask.preloads import export_heartbeats, extend_heartbeats
from cdktf_dask.preloads.export_heartbeats import Collector, dask_setup, dask_teardown
from metrics_page import samples, series
from worker_states import state_of

PREFIX = "dask_cluster_worker_"
ADDRESS = "tls://10.20.0.17:9000"

STATES = get_args(TaskStateState)
HEARTBEAT = {
    "memory": 300,
    "task_counts": {state: count for count, state in enumerate(STATES, 3)},
    "spilled_bytes": {"memory": 50, "disk": 40},
    "cpu": 150.0,
    "event_loop_interval": 0.021,
    "gpu_utilization": 60,
    "gpu_memory_used": 7_000,
    "gpu-memory-total": 16_000,
    "cdktf-dask": {
        "scratch": {"free": 900, "total": 1000},
        "oom_kills": 2,
        "network": {"receive": 11, "transmit": 12},
        "spill": {"disk-read": 21, "disk-write": 22},
        "gpu": {
            "nvlink": {"receive": 31, "transmit": 32},
            "pcie": {"receive": 41, "transmit": 42},
        },
        "ucx_transports": ("cuda_ipc", "tcp"),
    },
}
"""What the exporter reads of a heartbeat."""

SERIES = {
    ("memory",): ["memory_bytes managed", "memory_bytes unmanaged"],
    ("spilled_bytes", "memory"): ["memory_bytes managed", "memory_bytes unmanaged"],
    ("spilled_bytes", "disk"): ["memory_bytes spilled"],
    **{("task_counts", state): [f"tasks {state}"] for state in STATES},
    ("cpu",): ["cpu_ratio"],
    ("event_loop_interval",): ["event_loop_interval_seconds"],
    ("gpu_utilization",): ["gpu_utilization_ratio"],
    ("gpu_memory_used",): ["gpu_memory_used_bytes"],
    ("gpu-memory-total",): ["gpu_memory_total_bytes"],
    ("cdktf-dask", "scratch", "free"): ["scratch_bytes free"],
    ("cdktf-dask", "scratch", "total"): ["scratch_bytes total"],
    ("cdktf-dask", "oom_kills"): ["node_oom_kills_total"],
    ("cdktf-dask", "network", "receive"): ["node_network_bytes_total receive"],
    ("cdktf-dask", "network", "transmit"): ["node_network_bytes_total transmit"],
    ("cdktf-dask", "spill", "disk-read"): ["spill_bytes_total disk-read"],
    ("cdktf-dask", "spill", "disk-write"): ["spill_bytes_total disk-write"],
    ("cdktf-dask", "gpu", "nvlink", "receive"): ["gpu_nvlink_bytes_total receive"],
    ("cdktf-dask", "gpu", "nvlink", "transmit"): ["gpu_nvlink_bytes_total transmit"],
    ("cdktf-dask", "gpu", "pcie", "receive"): ["gpu_pcie_bytes_total receive"],
    ("cdktf-dask", "gpu", "pcie", "transmit"): ["gpu_pcie_bytes_total transmit"],
}
"""Series of each value of a heartbeat: the metric, and the value of its own label."""

VALUES = {
    "memory_bytes managed": 150,  # of 200 managed bytes, 50 are on disk
    "memory_bytes unmanaged": 150,
    "memory_bytes spilled": 40,
    **{f"tasks {state}": count for count, state in enumerate(STATES, 3)},
    "cpu_ratio": 1.5,
    "event_loop_interval_seconds": 0.021,
    "gpu_utilization_ratio": 0.6,
    "gpu_memory_used_bytes": 7_000,
    "gpu_memory_total_bytes": 16_000,
    "scratch_bytes free": 900,
    "scratch_bytes total": 1000,
    "node_oom_kills_total": 2,
    "node_network_bytes_total receive": 11,
    "node_network_bytes_total transmit": 12,
    "spill_bytes_total disk-read": 21,
    "spill_bytes_total disk-write": 22,
    "gpu_nvlink_bytes_total receive": 31,
    "gpu_nvlink_bytes_total transmit": 32,
    "gpu_pcie_bytes_total receive": 41,
    "gpu_pcie_bytes_total transmit": 42,
}
TRANSPORTS = {"ucx_transport_info cuda_ipc": 1, "ucx_transport_info tcp": 1}

LIES = [
    *("12", "x" * 1_000_000, b"1", True, [1], {"a": 1}, {1, 2}),
    *(math.nan, math.inf, -math.inf, -1, -0.5, 2**70, 10**400),
]
"""Values that no metric can have."""


def worker(heartbeat: object = HEARTBEAT, **changes: object) -> WorkerState:
    """A worker as its scheduler knows it, with 200 bytes of managed memory."""
    given = {"name": "cpu--ip-10-20-0-17", "address": ADDRESS} | changes
    made = state_of(heartbeat=copy.deepcopy(heartbeat), **given)
    made.last_seen = time.time()
    return made


def publish(*workers: WorkerState):
    """The page with the metrics of workers, of an object that stands for their scheduler; see `SERIES`."""
    registry = CollectorRegistry()
    registry.register(Collector(SimpleNamespace(workers={each.address: each for each in workers})))
    page = samples(generate_latest(registry).decode())
    heartbeats = {
        " ".join(
            [name.removeprefix(PREFIX), *(value for key, value in sorted(labels) if key not in SHARED)]
        ): value
        for (name, labels), value in page.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in OF_SCHEDULER
    }
    return page, heartbeats


SHARED = ("worker", "pool")
OF_SCHEDULER = (
    *("heartbeat_age_seconds", "threads", "tasks_processing", "memory_limit_bytes", "status", "info"),
)
"""Metrics that do not depend on the heartbeat."""


def test_each_value_of_a_heartbeat_is_published_in_the_unit_of_its_metric():
    page, heartbeats = publish(worker())
    assert heartbeats == VALUES | TRANSPORTS
    labels = {"worker": ADDRESS, "pool": "cpu"}
    assert page[series(f"{PREFIX}threads", **labels)] == 2
    assert page[series(f"{PREFIX}tasks_processing", **labels)] == 0
    assert page[series(f"{PREFIX}memory_limit_bytes", **labels)] == 1_000
    assert page[series(f"{PREFIX}status", status="running", **labels)] == 1
    assert page[series(f"{PREFIX}info", name="cpu--ip-10-20-0-17", host="10.20.0.17", **labels)] == 1
    assert 0 <= page[series(f"{PREFIX}heartbeat_age_seconds", **labels)] < 10
    assert page[series("dask_cluster_rejected_values")] == 0


def test_a_worker_that_has_sent_no_heartbeat_has_the_values_of_the_scheduler_only():
    page, heartbeats = publish(worker({}, memory_limit=0))
    assert heartbeats == {}
    assert {name for name, _ in page} == {f"{PREFIX}{name}" for name in OF_SCHEDULER} - {
        f"{PREFIX}memory_limit_bytes"
    } | {"dask_cluster_info", "dask_cluster_rejected_values"}


@pytest.mark.parametrize(
    "lie", LIES, ids=lambda lie: f"{type(lie).__name__}-{str(lie)[:8]}" if lie != 10**400 else "int-huge"
)
def test_a_value_that_its_metric_cannot_have_is_left_out_and_counted(lie):
    for path, names in SERIES.items():
        heartbeat = changed(path, lie)
        page, heartbeats = publish(worker(heartbeat))
        assert heartbeats == {
            name: value for name, value in (VALUES | TRANSPORTS).items() if name not in names
        }, path
        assert page[series("dask_cluster_rejected_values")] == len(names), path


@pytest.mark.parametrize("lie", [7, 0.5, "x", [], True])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_value_in_the_place_of_a_mapping_is_left_out_with_all_below_it(level, lie):
    for above in {path[:level] for path in SERIES if len(path) > level}:
        below = {name for path, names in SERIES.items() if path[:level] == above for name in names}
        if above == ("cdktf-dask",):
            below |= set(TRANSPORTS)
        page, heartbeats = publish(worker(changed(above, lie)))
        assert heartbeats == {
            name: value for name, value in (VALUES | TRANSPORTS).items() if name not in below
        }
        rejected = len(below - set(TRANSPORTS)) + (above == ("cdktf-dask",))
        assert page[series("dask_cluster_rejected_values")] == rejected


def test_a_value_that_a_worker_does_not_have_is_absent_and_not_counted():
    for path, names in SERIES.items():
        page, heartbeats = publish(worker(changed(path, None)))
        assert heartbeats == {
            name: value for name, value in (VALUES | TRANSPORTS).items() if name not in names
        }
        assert page[series("dask_cluster_rejected_values")] == 0


def test_a_heartbeat_that_is_no_mapping_is_left_out():
    assert publish(worker("all is well"))[1] == {}


@pytest.mark.parametrize(
    ("given", "published"),
    [
        ("tcp", []),
        (7, []),
        ({"tcp": 1}, []),
        (["tcp", "tcp"], ["tcp"]),
        (["tcp", "a b", 7, "x" * 33, 'a"}\n'], ["tcp"]),
        ([f"t{number:03}" for number in range(1000)], [f"t{number:03}" for number in range(32)]),
    ],
)
def test_names_of_transports_are_short_words(given, published):
    page, heartbeats = publish(worker(changed(("cdktf-dask", "ucx_transports"), given)))
    names = [name.split()[1] for name in heartbeats if name.startswith("ucx_transport_info")]
    assert sorted(names) == published
    assert page[series("dask_cluster_rejected_values")] == (given != ["tcp", "tcp"])


@pytest.mark.parametrize(
    ("name", "pool", "shown"),
    [
        ("cpu--ip-10-20-0-17-3", "cpu", "cpu--ip-10-20-0-17-3"),
        ("high-memory--a--b", "high-memory", "high-memory--a--b"),
        ("tls://10.20.0.17:9000", "", "tls://10.20.0.17:9000"),
        (3, "", "3"),
        (("a", 1), "", ""),
        ("x" * 1_000_000 + "--a", "", "x" * 128),
        ('cpu--"} 1\n# HELP \\ \0\ud800', "cpu", 'cpu--"} 1?# HELP \\ ??'),
    ],
)
def test_names_of_workers_are_cut_and_escaped_and_name_the_pool(name, pool, shown):
    page, _ = publish(worker(name=name))
    assert page[series(f"{PREFIX}info", worker=ADDRESS, pool=pool, name=shown, host="10.20.0.17")] == 1


def test_other_values_of_a_lying_worker_and_of_other_workers_are_published():
    honest = worker(address="tls://10.20.0.18:9000", name="cpu--ip-10-20-0-18")
    page, _ = publish(worker(changed(("cpu",), "x"), nthreads="many", status="?"), honest)
    for address, threads, cpu in ((ADDRESS, None, None), (honest.address, 2, 1.5)):
        labels = {"worker": address, "pool": "cpu"}
        assert page.get(series(f"{PREFIX}threads", **labels)) == threads
        assert page.get(series(f"{PREFIX}cpu_ratio", **labels)) == cpu
        assert page[series(f"{PREFIX}scratch_bytes", type="free", **labels)] == 900
    assert page[series("dask_cluster_rejected_values")] == 2


def test_addresses_that_are_equal_after_cutting_are_one_worker():
    long = "tls://" + "a" * 200
    page, _ = publish(worker(address=f"{long}:1"), worker(address=f"{long}:2"))
    assert [name for name, _ in page].count(f"{PREFIX}threads") == 1


def test_a_rejected_value_is_logged_once_for_each_worker_and_metric_without_its_text(caplog):
    lying = worker(changed(("cpu",), "secret" * 1000))
    scheduler = SimpleNamespace(workers={ADDRESS: lying})
    collector = Collector(scheduler)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            list(collector.collect())
    assert [record.getMessage() for record in caplog.records] == [
        f"worker {ADDRESS}: {PREFIX}cpu_ratio is left out of the metrics: "
        "got str, expected a number from 0 to 1e+06"
    ]
    scheduler.workers.clear()
    list(collector.collect())
    assert collector.logged == {}


def test_the_page_of_200_workers_takes_at_most_1_percent_of_the_event_loop_at_scrapes_each_15_seconds(capsys):
    """The whole page of a real scheduler that knows 200 workers with GPUs; there are no 200 processes.

    Processor time of the thread, which other processes on this host do not change.
    """

    async def measure() -> tuple[float, int]:
        async with Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
            dask_setup(scheduler)
            for number in range(200):
                name, address = f"gpu--ip-10-20-0-{number}", f"tls://10.20.0.{number}:9000"
                scheduler.workers[address] = worker(address=address, name=name)
            taken = []
            for _ in range(5):
                started = time.thread_time()
                page = generate_latest(REGISTRY)
                taken.append(time.thread_time() - started)
            scheduler.workers.clear()
            dask_teardown(scheduler)
            return min(taken), len(samples(page.decode()))

    seconds, count = asyncio.run(measure())
    with capsys.disabled():
        print(f" {seconds * 1000:.0f} ms for {count} series,", end="")
    assert count > 200 * 27
    assert seconds < 0.01 * 15


def test_the_metrics_end_with_the_scheduler():
    async def run() -> tuple[bool, bool]:
        async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
            dask_setup(scheduler)
            during = b"dask_cluster_info" in generate_latest(REGISTRY)
            dask_teardown(scheduler)
            return during, b"dask_cluster_info" in generate_latest(REGISTRY)

    assert asyncio.run(run()) == (True, False)


def test_both_preloads_use_the_same_key_of_the_heartbeat():
    assert export_heartbeats.REPORTED == extend_heartbeats.REPORTED == "cdktf-dask"


def changed(path: tuple[str, ...], value: object) -> dict:
    """The heartbeat with another value at a path."""
    heartbeat = copy.deepcopy(HEARTBEAT)
    *above, last = path
    at = heartbeat
    for key in above:
        at = at[key]
    at[last] = value
    return heartbeat
