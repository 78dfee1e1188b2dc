"""Writes the status page each second, with the code of a node's service and the workers of a live scheduler.

status_page.py FOLDER http://127.0.0.1:8788/metrics SECONDS

Stands for AWS: the nodes are examples. The facts say that they are older by these seconds.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cdktf_dask.operations.facts import ClusterStatus, Node, Pool
from cdktf_dask.operations.published import add_published
from cdktf_dask.status_page.writer import Writer

folder, metrics, age = sys.argv[1:]


def read() -> ClusterStatus:
    now = datetime.now(UTC)
    cpu = {"instance_type": "m7i.xlarge", "usd_per_hour": 0.2415}
    gpu = {"instance_type": "g5.12xlarge", "spot": True}
    nodes = [
        Node(
            *("i-0a1b2c3d4e5f60718", "scheduler", "ready"),
            started=now - timedelta(days=3),
            instance_type="m7i.large",
            usd_per_hour=0.1208,
        ),
        *(
            Node(
                f"i-0b1c2d3e4f506172{number}",
                *("cpu", "ready", f"ip-10-20-0-1{number}"),
                started=now - timedelta(hours=number),
                **cpu,
            )
            for number in (7, 8)
        ),
        Node("i-0c1d2e3f405162738", "cpu", "booting", started=now - timedelta(seconds=48), **cpu),
        Node(
            *("i-0d1e2f30415263748", "gpu", "failed"),
            reason="step cuda-nvidia failed with exit code 1: the driver <595> does not load",
            started=now - timedelta(minutes=21),
            usd_per_hour=2.1049,
            **gpu,
        ),
    ]
    pools = [Pool("cpu", 0, 8, 3), Pool("gpu", 0, 4, 1)]
    status = ClusterStatus("production", "eu-central-1", pools, nodes, at=now - timedelta(seconds=int(age)))
    status.add_workers(lambda found: add_published(found, metrics))
    return status


writer = Writer(Path(folder), "production", read)
while True:
    writer.write()
    time.sleep(1)
