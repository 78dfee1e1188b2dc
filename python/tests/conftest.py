"""Fixtures of several test files."""

import pytest

from client_fixtures import account, home, left, moto_url, pki, secure
from cluster import Cluster

__all__ = ["account", "home", "left", "moto_url", "pki", "secure"]


@pytest.fixture(scope="session")
def two_pools():
    """Pool cpu with two workers of one thread, pool memory with one worker of two threads."""
    with Cluster() as cluster:
        cluster.worker("cpu--host-0", "CPU=1")
        cluster.worker("cpu--host-1", "CPU=1")
        cluster.worker("memory--host", "MEMORY=2", "--nthreads", "2")
        yield cluster
