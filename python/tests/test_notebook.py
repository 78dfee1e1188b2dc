"""`connect` in a notebook: a real Jupyter kernel, with the release's lockfile and ipykernel."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from aws_double import SUPPORT
from cdktf_dask.client.tunnel import free_port
from client_fixtures import no_plugin_is_left
from cluster import ENVIRONMENT, SOURCES, Cluster

CONNECT = """
import cdktf_dask
client = cdktf_dask.connect("production")
"""

COMPUTE = """
from distributed import progress
futures = client.map(lambda x: x * x, range(20), pure=False)
progress(futures, notebook=False)
sum(client.gather(futures))
"""

CLOSE = """
import threading
client.close()
names = [thread.name for thread in threading.enumerate()]
[name for name in names if name.startswith(("tunnel-", "cdktf-dask", "IO loop"))]
"""

RECONNECTED = """
import time
while client.status != "running":
    time.sleep(0.1)
client.wait_for_workers(1, timeout=60)
"""


@contextmanager
def kernel():
    """A function that runs a cell and returns its text."""
    found = subprocess.run(
        [sys.executable, SUPPORT / "python_environment.py", "notebook"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    own = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    process = subprocess.Popen(
        [Path(found.stdout.strip()) / "python", Path(__file__).with_name("notebook.py")],
        env=ENVIRONMENT | own | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(cell: str) -> str:
        process.stdin.write(json.dumps(cell.strip()) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    try:
        yield run
        process.stdin.close()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.usefixtures("left")
def test_a_notebook_connects_computes_and_connects_again_after_the_scheduler_restarted(account, pki):
    port = free_port()
    account.secret("production", pki.client)
    instance = account.scheduler("production", f"127.0.0.1:{port}")
    with Cluster("--protocol", "tls", "--port", str(port), *pki.options) as cluster, kernel() as run:
        cluster.worker("cpu--host-0", "CPU=1", *pki.options)
        steps = [step.strip() for step in run(CONNECT).split("\r")]
        assert f"opening a tunnel to {instance} through Session Manager …" in steps
        shown = steps[-1]
        assert shown.startswith("connected to production: tls://127.0.0.1:")
        assert shown.endswith(f"(through Session Manager to {instance})")
        assert "| 100% Completed |" in (computed := run(COMPUTE))
        assert computed.endswith("2470")

        cluster.restart()
        cluster.worker("cpu--host-1", "CPU=1", *pki.options)
        assert "Error" not in run(RECONNECTED)
        assert run(COMPUTE).endswith("2470")

        assert run(CLOSE) == "[]"
        no_plugin_is_left()
        run(CONNECT)
        assert run(COMPUTE).endswith("2470")
        # The kernel ends without a close.
