"""The smoke test's files import each other as neighbours, so its folder goes on the path."""

import sys

from cluster import SMOKE_TEST, Cluster

sys.path.insert(0, str(SMOKE_TEST.parent))

import pytest


@pytest.fixture(scope="session")
def two_pools():
    """Pool cpu with two workers of one thread, pool memory with one worker of two threads."""
    with Cluster() as cluster:
        cluster.worker("cpu--host-0", "CPU=1")
        cluster.worker("cpu--host-1", "CPU=1")
        cluster.worker("memory--host", "MEMORY=2", "--nthreads", "2")
        yield cluster
