"""Prints the metrics of a live scheduler with the preloads of nodes, as JSON: name, type, labels, meaning.

    PYTHON __tests__/releases/dump_metrics.py

PYTHON has the packages of a release. The cluster has TLS, a worker, and work of each kind. The values of a
GPU are doubles: the worker reports them without one.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "python" / "tests"))

from distributed import Client, Security, Semaphore, wait  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

from cluster import ENVIRONMENT, SOURCES, Cluster  # noqa: E402

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
        pem = str(cluster.directory / "client.pem")
        security = Security(tls_ca_file=pem, tls_client_cert=pem, tls_client_key=pem, require_encryption=True)
        with Client(cluster.address, security=security, timeout=SECONDS) as client:
            leases = Semaphore(2, "database")
            leases.acquire()
            wait([client.submit(lambda: 1), client.submit(lambda: 1 / 0)], timeout=SECONDS)
            services = json.loads((cluster.directory / "scheduler.json").read_text())["services"]
            time.sleep(2)  # heartbeats come each 0.5 s
            with urlopen(f"http://127.0.0.1:{services['dashboard']}/metrics", timeout=SECONDS) as answer:
                page = answer.read().decode()
    print(json.dumps([describe(family) for family in families(page)]))


class TlsCluster(Cluster):
    """A cluster with TLS."""

    def __init__(self, *options: str):
        super().__init__("--protocol", "tls", *options)
        node, client = (self.directory / f"{name}.pem" for name in ("node", "client"))
        command = [sys.executable, "-m", "cdktf_dask.tls", "test", node, client]
        subprocess.run(command, check=True, env=ENVIRONMENT | {"PYTHONPATH": str(SOURCES)}, timeout=SECONDS)
        template = (REPOSITORY / "cloud-init" / "dask" / "tls.yaml").read_text()
        (self.directory / "config").mkdir()
        for name, value in {"PEM": str(node), "NANNY_PRELOADS": "[]"}.items():
            template = template.replace("{{" + name + "}}", value)
        (self.directory / "config" / "tls.yaml").write_text(template)


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
