"""Fixtures: the doubles, started once, and a node that is reset for each test."""

import urllib.request
from contextlib import contextmanager

import pytest
from loopback import FOLDER, MINIFORGE, REGION, SIGNATURE, Double, Node


@contextmanager
def running(*command):
    """Run a double."""
    double = Double(*command)
    try:
        yield double
    finally:
        double.stop()


@pytest.fixture(scope="session")
def shared_node(tmp_path_factory):
    return Node(tmp_path_factory.mktemp("doubles"))


@pytest.fixture
def node(shared_node):
    shared_node.update()
    return shared_node


@pytest.fixture(scope="session")
def imds(shared_node):
    with running("imds.py", "--instances", shared_node.file) as double:
        shared_node.connect_to(double, "169.254.169.254:80")
        yield double


@pytest.fixture(scope="session")
def apis(shared_node):
    folder = ("--folder", shared_node.shared, "--region", REGION)
    with running("aws.py", "--instances", shared_node.file, *folder) as double:
        services = ("autoscaling", "ec2", "logs", "secretsmanager", "ssm")
        shared_node.connect_to(double, *(f"{service}.{REGION}.amazonaws.com:443" for service in services))
        yield double


@pytest.fixture
def aws(apis, node):
    """The APIs, without recorded calls and with an empty moto."""
    (node.shared / "calls.jsonl").write_text("")
    reset = urllib.request.Request(f"{apis.facts['moto']}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    return apis


@pytest.fixture(scope="session")
def signals(shared_node):
    options = ("--folder", shared_node.shared, "--region", REGION, "--signature", SIGNATURE)
    with running("signals.py", "--instances", shared_node.file, *options) as double:
        shared_node.connect_to(double, f"cloudformation-waitcondition-{REGION}.s3.{REGION}.amazonaws.com:443")
        yield double


@pytest.fixture(scope="session")
def downloads(shared_node):
    files = ("--file", MINIFORGE, FOLDER / "miniforge.sh")
    with running(
        "downloads.py", "--instances", shared_node.file, "--folder", shared_node.shared, *files
    ) as double:
        shared_node.connect_to(double, "github.com:443")
        yield double
