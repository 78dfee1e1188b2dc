"""Names of workers."""

import pytest

from cdktf_dask.node.names import belongs_to, pool_of


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("cpu--ip-10-0-0-1", "cpu"),
        ("gpu-a--host--b-0", "gpu-a"),
        ("tcp://10.0.0.1:1", "tcp://10.0.0.1:1"),
        (7, "7"),
    ],
)
def test_the_pool_of_a_worker(name, pool):
    assert pool_of(name) == pool


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("cpu--ip-10-0-0-1", True),
        ("cpu--ip-10-0-0-1-0", True),
        ("cpu--ip-10-0-0-1-12", True),
        ("cpu--ip-10-0-0-11", False),
        ("cpu--ip-10-0-0-1-x", False),
        ("cpu--ip-10-0-0-1\n", False),
        ("gpu--ip-10-0-0-1", False),
        ("cpu--ip-10-0x0-1", False),
        (3, False),
    ],
)
def test_the_workers_of_a_node(name, own):
    assert belongs_to(name, "cpu--ip-10-0-0-1") is own
