"""Fixtures: one rig, one baked image and one cluster for all tests. Tests leave the cluster unchanged."""

from pathlib import Path
from typing import NamedTuple

import pytest
from rig.client import Client
from rig.node import Node
from rig.rig import Rig

#: Timeout for nodes that install everything, several at a time on two cores.
INSTALL_SECONDS = 420

#: Timeout of a test. The first test also boots the nodes of the cluster.
TEST_SECONDS = 600


class RunningCluster(NamedTuple):
    """Nodes of the cluster `rig`, and a client in its admin subnet."""

    scheduler: Node
    first: Node
    second: Node
    gpu: Node
    client: Client


def pytest_collection_modifyitems(items):
    """Set the timeout of tests that boot nodes."""
    for item in items:
        if "rig" in item.fixturenames:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def rig():
    """The rig, closed at the end."""
    rig = Rig()
    yield rig
    rig.close()


@pytest.fixture(scope="session")
def baked(rig) -> Path:
    """Layer of a baked image for pool `cpu`."""
    return rig.bake(rig.clusters["rig"].image_contents("cpu"))


@pytest.fixture(scope="session")
def cluster(rig) -> RunningCluster:
    """A scheduler, two CPU nodes and a GPU node, all ready. They start from a plain image."""
    definition = rig.clusters["rig"]
    worker = definition.worker("cpu")
    nodes = (
        rig.boot("i-00000000000000001", definition.scheduler, definition.address),
        rig.boot("i-00000000000000011", worker, "10.77.0.11"),
        rig.boot("i-00000000000000012", worker, "10.77.32.12"),
        rig.boot("i-00000000000000021", definition.worker("gpu"), "10.77.32.21", gpu=True),
    )
    for node in nodes:
        node.wait_for_state("ready", INSTALL_SECONDS)
    client = rig.client("10.88.0.5", nodes[0])
    client.fetch_bundle(definition.outputs["client_bundle"], rig.aws.get_secret("/dask/rig/client"))
    return RunningCluster(*nodes, client)


@pytest.fixture(scope="session")
def scheduler(cluster) -> Node:
    """Node of the cluster's scheduler, ready."""
    return cluster.scheduler
