"""Prints the metrics of a live scheduler with the preloads of nodes, as JSON: name, type, labels, meaning.

    PYTHON __tests__/releases/dump_metrics.py

PYTHON has the packages of a release. The cluster has TLS, a worker, and work of each kind. The values of a
GPU are doubles: the worker reports them without one.
"""

import json
import sys
import time
from pathlib import Path
from urllib.request import urlopen

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "python" / "tests"))

from distributed import Semaphore, wait  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

from cluster import SOURCES  # noqa: E402
from tls_cluster import TlsCluster  # noqa: E402

PRELOADS = SOURCES / "cdktf_dask" / "preloads"
SECONDS = 60
GENERAL = ("process_", "python_")
"""Metrics that every program with Prometheus' library has."""

GPU = """
def dask_setup(worker):
    own = worker.metrics["cdktf-dask"]
    both = {"receive": 1, "transmit": 1}
    gpu = {"gpu": {"nvlink": both, "pcie": both}, "ucx_transports": ["tcp"]}
    worker.metrics["cdktf-dask"] = lambda worker: own(worker) | gpu
    for name in ("gpu_utilization", "gpu_memory_used", "gpu-memory-total"):
        worker.metrics[name] = lambda worker: 1
"""


def main() -> None:
    """Start the cluster, let it work, and print its metrics."""
    with TlsCluster(*preloads("reload_certificates", "export_heartbeats")) as cluster:
        gpu = cluster.directory / "gpu.py"
        gpu.write_text(GPU)
        cluster.worker("gpu--host-0", "CPU=1", *preloads("extend_heartbeats"), "--preload", str(gpu))
        with cluster.client() as client:
            leases = Semaphore(2, "database")
            leases.acquire()
            tasks = [client.submit(lambda: 1), client.submit(lambda: 1 / 0)]
            wait(tasks, timeout=SECONDS)
            services = json.loads((cluster.directory / "scheduler.json").read_text())["services"]
            time.sleep(2)  # heartbeats come each 0.5 s
            with urlopen(f"http://127.0.0.1:{services['dashboard']}/metrics", timeout=SECONDS) as answer:
                page = answer.read().decode()
    print(json.dumps([describe(family) for family in families(page)]))


def preloads(*names: str) -> list[str]:
    return [word for name in names for word in ("--preload", str(PRELOADS / f"{name}.py"))]


def families(page: str) -> list:
    found = text_string_to_metric_families(page)
    return [family for family in found if not family.name.startswith(GENERAL)]


def describe(family) -> dict:
    """Name as on the page, type, names of the labels, and meaning of a metric."""
    names = {sample.name for sample in family.samples} or {family.name}
    labels = {label for sample in family.samples for label in sample.labels}
    return {
        "name": min(names),
        "type": family.type,
        "labels": sorted(labels),
        "meaning": family.documentation,
    }


if __name__ == "__main__":
    main()
