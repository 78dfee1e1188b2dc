"""Settings of the autoscaler's process."""

import json
import os
import subprocess
import sys

import pytest

from cdktf_dask.autoscaler.capacity import capacity_of
from cdktf_dask.autoscaler.model import Limits, Pool
from cdktf_dask.autoscaler.settings import Address, SettingsError, read_settings
from cluster import SOURCES

POOL = {
    "name": "cpu",
    "offers": {"CPU": 2},
    "workers": 1,
    "threads": 2,
    "minSize": 0,
    "maxSize": 3,
    "idleTimeout": 300,
    "targetDuration": 120,
    "drainTimeout": 600,
    "usdPerHour": 0.4,
    "gpu": False,
}
SETTINGS = {
    "cluster": "demo",
    "scheduler": "http://127.0.0.1:8788",
    "metrics": "127.0.0.1:8790",
    "capacity": {"kind": "local", "socket": "/project/.dask/demo/supervisor.sock"},
    "limits": {"maxNodes": 10, "maxHourlyCost": None},
    "keepResults": 43200,
    "hungAfter": None,
    "onHung": "report",
    "pools": [POOL],
    "schedulerUsdPerHour": 0.1,
}


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        file = tmp_path / "autoscaler.json"
        file.write_text(json.dumps(SETTINGS | changes))
        return file

    return write


def test_all_settings(write):
    found = read_settings(write())
    assert (found.cluster, found.scheduler, found.metrics) == (
        "demo",
        "http://127.0.0.1:8788",
        Address("127.0.0.1", 8790),
    )
    assert found.limits == Limits(max_nodes=10, max_hourly_cost=None, scheduler_usd_per_hour=0.1)
    assert found.pools == (Pool("cpu", {"CPU": 2}, 1, 2, 0, 3, 300, 120, 600, usd_per_hour=0.4, gpu=False),)
    assert (found.keep_results, found.hung_after, found.stop_hung) == (43200, None, False)
    assert read_settings(write(metrics=None)).metrics is None
    assert found.alerts is None
    assert read_settings(write(alerts="arn:aws:sns:a:1:b")).alerts == "arn:aws:sns:a:1:b"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scheduler": ""}, "scheduler: got '', expected a text"),
        ({"metrics": "8790"}, "metrics: got '8790', expected <host>:<port> or null"),
        ({"pools": {}}, "pools: got {}, expected a list"),
        ({"pools": [3]}, "pools[0]: got 3, expected an object"),
        ({"pools": [POOL | {"maxSize": 1.5}]}, "pools[0].maxSize: got 1.5, expected a whole number from 0"),
        (
            {"pools": [POOL | {"idleTimeout": "5m"}]},
            "pools[0].idleTimeout: got '5m', expected a number from 0",
        ),
        ({"pools": [POOL | {"offers": {"A": -1}}]}, "pools[0].offers.A: got -1, expected a number from 0"),
        ({"onHung": "end"}, "onHung: got 'end', expected report or stop"),
    ],
)
def test_errors(write, changes, error):
    with pytest.raises(SettingsError) as raised:
        read_settings(write(**changes))
    assert str(raised.value) == error


def test_an_unknown_provider():
    with pytest.raises(SettingsError, match=r"^capacity\.socket: got None, expected the path of a socket$"):
        capacity_of({"kind": "local"})
    with pytest.raises(SettingsError, match=r"^capacity\.kind: got 'azure', expected "):
        capacity_of({"kind": "azure"})


def test_the_process_ends_with_the_error(write):
    command = [sys.executable, "-m", "cdktf_dask.autoscaler", str(write(pools=3))]
    environment = os.environ | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith("ERROR autoscaler pools: got 3, expected a list\n")


def test_the_process_imports_neither_dask_nor_boto3():
    code = """
import sys
import cdktf_dask.autoscaler.__main__
import cdktf_dask.autoscaler.capacity.local
print(sorted({"dask", "distributed", "boto3", "prometheus_client"} & set(sys.modules)))
"""
    environment = os.environ | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
