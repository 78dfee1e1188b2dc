"""The doubles, started once, and a machine that is as new for each test."""

import urllib.request
from contextlib import contextmanager

import pytest
from loopback import FOLDER, MINIFORGE, REGION, SIGNATURE, Double, Node


@contextmanager
def playing(*command):
    """A double while the tests run."""
    double = Double(*command)
    try:
        yield double
    finally:
        double.stop()


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    return Node(tmp_path_factory.mktemp("doubles"))


@pytest.fixture
def node(machine):
    machine.become()
    return machine


@pytest.fixture(scope="session")
def imds(machine):
    with playing("imds.py", "--machines", machine.file) as double:
        machine.finds(double, "169.254.169.254:80")
        yield double


@pytest.fixture(scope="session")
def apis(machine):
    folder = ("--folder", machine.authority, "--region", REGION)
    with playing("aws.py", "--machines", machine.file, *folder) as double:
        services = ("autoscaling", "ec2", "secretsmanager", "ssm")
        machine.finds(double, *(f"{service}.{REGION}.amazonaws.com:443" for service in services))
        yield double


@pytest.fixture
def aws(apis, node):
    """The APIs, with no call behind them."""
    (node.authority / "calls.jsonl").write_text("")
    reset = urllib.request.Request(f"{apis.facts['moto']}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    return apis


@pytest.fixture(scope="session")
def signals(machine):
    options = ("--folder", machine.authority, "--region", REGION, "--signature", SIGNATURE)
    with playing("signals.py", "--machines", machine.file, *options) as double:
        machine.finds(double, f"cloudformation-waitcondition-{REGION}.s3.{REGION}.amazonaws.com:443")
        yield double


@pytest.fixture(scope="session")
def downloads(machine):
    files = ("--file", MINIFORGE, FOLDER / "miniforge.sh")
    with playing("downloads.py", "--machines", machine.file, "--folder", machine.authority, *files) as double:
        machine.finds(double, "github.com:443")
        yield double
