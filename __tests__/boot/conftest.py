"""One rig, one baked image, one cluster for all tests here; a test leaves the cluster as it found it."""

from pathlib import Path
from typing import NamedTuple

import pytest
from rig.client import Client
from rig.node import Node
from rig.rig import Rig

#: For machines that install everything, side by side on two cores.
INSTALL_SECONDS = 420


#: For a test, the first of which waits for all the machines that it shares.
TEST_SECONDS = 600


class RunningCluster(NamedTuple):
    """Hosts of the cluster `rig`, and a client in its administrators' subnet."""

    scheduler: Node
    first: Node
    second: Node
    gpu: Node
    client: Client


def pytest_collection_modifyitems(items):
    """Give the tests that boot machines the time for it."""
    for item in items:
        if "rig" in item.fixturenames:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def rig():
    """The rig, which leaves nothing."""
    made = Rig()
    yield made
    made.close()


@pytest.fixture(scope="session")
def baked(rig) -> Path:
    """A layer for machines of pool `cpu` that start from a baked image."""
    return rig.bake(rig.clusters["rig"].image_contents("cpu"))


@pytest.fixture(scope="session")
def cluster(rig) -> RunningCluster:
    """A scheduler, two CPU nodes and a GPU node that installed everything themselves; all are ready."""
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
    """The cluster's scheduler, ready."""
    return cluster.scheduler
