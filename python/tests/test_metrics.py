"""The metrics of a real scheduler and its workers: under load, in a stall, and with a worker that lies."""

import json
import shutil
import threading
import time
from collections.abc import Iterator

import pytest
from distributed import Client, wait

from cluster import SOURCES, Cluster
from metrics_page import Samples, scrape, series

PRELOADS = SOURCES / "cdktf_dask" / "preloads"
EXPORT, EXTEND = (("--preload", str(PRELOADS / f"{name}_heartbeats.py")) for name in ("export", "extend"))
PREFIX = "dask_cluster_worker_"
MIB = 2**20
SECONDS = 60

LIES = """
def dask_setup(worker):
    honest = worker.get_metrics

    async def get_metrics():
        found = await honest()
        found["cpu"] = float("inf")
        found["event_loop_interval"] = "x" * 1_000_000
        found["cdktf-dask"]["scratch"] = {"free": float("nan"), "total": -1}
        found["cdktf-dask"]["oom_kills"] = 2**64 - 1
        found["cdktf-dask"]["spill"] = [1, 2]
        return found

    worker.get_metrics = get_metrics
"""
NAME_OF_LIAR = 'liar--"} 1\n' + "x" * 10_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster with an honest worker."""
    with Cluster(*EXPORT) as started:
        started.environment["CDKTF_DASK_CLUSTER"] = "test"
        started.restart()  # with the variable
        started.worker("cpu--host-0", "CPU=1", *EXTEND, "--memory-limit", str(400 * MIB))
        yield started


@pytest.fixture
def client(cluster) -> Iterator[Client]:
    with Client(cluster.address, timeout=SECONDS) as connected:
        yield connected


def page(cluster: Cluster, seconds: float = SECONDS) -> Samples:
    services = json.loads((cluster.directory / "scheduler.json").read_text())["services"]
    return scrape(services["dashboard"], seconds)


def of_worker(found: Samples, pool: str) -> dict[str, float]:
    """Values of the only worker of a pool, by metric and the value of its own label."""
    return {
        " ".join(
            [
                name.removeprefix(PREFIX),
                *(text for key, text in sorted(labels) if key not in ("pool", "worker")),
            ]
        ): value
        for (name, labels), value in found.items()
        if ("pool", pool) in labels
    }


def eventually(cluster: Cluster, holds) -> Samples:
    """The first page for which a condition holds."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = page(cluster)
        if holds(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_the_page_shows_spilling_tasks_without_a_worker_failed_tasks_and_the_node(cluster, client):
    blocks = [client.submit(lambda: bytes(40 * MIB), pure=False) for _ in range(10)]
    homeless = client.submit(lambda: None, resources={"GPU": 1}, pure=False)
    failed = client.submit(lambda: 1 / 0, pure=False)
    wait([*blocks, failed], timeout=SECONDS)
    slow = client.submit(time.sleep, 60, pure=False)

    def all_done(found: Samples) -> bool:
        of_cpu = of_worker(found, "cpu")
        return (
            [found[series("dask_scheduler_tasks", state=state)] for state in ("memory", "no-worker", "erred")]
            == [10, 1, 1]
            and of_cpu["memory_bytes spilled"] > 0
            and of_cpu["tasks_processing"] == 1
            and [of_cpu.get(f"tasks {state}") for state in ("memory", "executing")] == [10, 1]
        )

    found = eventually(cluster, all_done)
    worker = of_worker(found, "cpu")
    disk = shutil.disk_usage(cluster.directory)
    version = client.get_versions()["scheduler"]["packages"]["dask"]
    assert found[series("dask_cluster_info", name="test", dask_version=version)] == 1
    assert found[series("dask_cluster_rejected_values")] == 0
    assert worker["info 127.0.0.1 cpu--host-0"] == 1
    assert worker["status running"] == 1
    assert (worker["threads"], worker["memory_limit_bytes"]) == (1, 400 * MIB)
    assert worker["memory_bytes managed"] + worker["memory_bytes unmanaged"] < 400 * MIB
    assert worker["spill_bytes_total disk-write"] >= worker["memory_bytes spilled"]
    assert worker["scratch_bytes total"] == disk.total
    assert abs(worker["scratch_bytes free"] - disk.free) < 0.1 * disk.total
    assert worker["heartbeat_age_seconds"] < 5
    assert worker["node_oom_kills_total"] >= 0
    assert worker["node_network_bytes_total receive"] > 0
    assert not any(name.startswith(("gpu_", "ucx_")) for name in worker)
    for future in (*blocks, homeless, failed, slow):
        future.cancel()


def test_a_scrape_during_a_stall_of_the_scheduler_is_answered_after_it(cluster, client):
    stall = 4
    blocked = threading.Thread(
        target=lambda: client.run_on_scheduler(lambda: __import__("time").sleep(stall)), daemon=True
    )
    page(cluster)  # Each scrape resets the maximum of the tick.
    started = time.monotonic()
    blocked.start()
    time.sleep(1)
    with pytest.raises(TimeoutError):
        page(cluster, seconds=1)  # a Prometheus whose timeout ends in the stall
    found = page(cluster)
    assert stall <= time.monotonic() - started < stall + 5
    blocked.join()
    # Heartbeats of the time wait like the scrape: their age is at most the stall.
    assert of_worker(found, "cpu")["heartbeat_age_seconds"] < stall + 5
    again = eventually(cluster, lambda found: of_worker(found, "cpu")["heartbeat_age_seconds"] < 1)
    # Tasks end meanwhile.
    before, after = (
        {name for name in of_worker(page, "cpu") if not name.startswith("tasks ")} for page in (found, again)
    )
    assert before == after


def test_values_of_a_worker_that_lies_are_left_out_and_those_of_the_other_remain(cluster, client):
    lies = cluster.directory / "lies.py"
    lies.write_text(LIES)
    cluster.worker(
        NAME_OF_LIAR, "CPU=1", *EXTEND, "--preload", str(lies), "--local-directory", str(cluster.directory)
    )
    found = eventually(cluster, lambda found: found[series("dask_cluster_rejected_values")] > 0)
    liar, honest = (set(of_worker(found, pool)) for pool in ("liar", "cpu"))
    status = {name for name in honest | liar if name.startswith(("info", "status", "tasks "))}
    assert honest - liar - status == {
        *("cpu_ratio", "event_loop_interval_seconds", "scratch_bytes free", "scratch_bytes total"),
        *("node_oom_kills_total", "spill_bytes_total disk-read", "spill_bytes_total disk-write"),
    }
    assert found[series("dask_cluster_rejected_values")] == 7
    names = [dict(labels)["name"] for name, labels in found if name == f"{PREFIX}info"]
    assert sorted(map(len, names)) == [len("cpu--host-0"), 128]
    logged = [
        line for line in cluster.log(cluster.scheduler).splitlines() if "left out of the metrics" in line
    ]
    assert sorted(line.split(PREFIX)[1].split(" is ")[0] for line in logged) == [
        *("cpu_ratio", "event_loop_interval_seconds", "node_oom_kills_total"),
        *("scratch_bytes", "spill_bytes_total"),
    ]


def test_without_the_client_library_of_prometheus_a_cluster_starts_and_its_log_has_the_reason():
    with Cluster(*EXPORT) as cluster:
        # Stands for an environment without the package.
        missing = cluster.directory / "missing" / "prometheus_client.py"
        missing.parent.mkdir()
        missing.write_text("raise ModuleNotFoundError(\"No module named 'prometheus_client'\")\n")
        cluster.environment["PYTHONPATH"] = str(missing.parent)
        cluster.restart()
        cluster.worker("cpu--host-0", "CPU=1", *EXTEND)
        with Client(cluster.address, timeout=SECONDS) as client:
            assert client.submit(sum, [1, 2]).result(timeout=SECONDS) == 3
        logged = [line for line in cluster.log(cluster.scheduler).splitlines() if "not published" in line]
        [line] = logged
        assert line.endswith(" - metrics of workers are not published: No module named 'prometheus_client'")
