"""Faults of what the autoscaler needs, in short: `npm run bench:scaling -- faults` takes longer."""

import pytest
from distributed import Client

from elastic_cluster import ElasticCluster
from elastic_load import Load
from throttled_group import LIMITS, throttled

SIZES = {"cpu": 2, "gpu": 1}
IDLE = 4.0


@pytest.mark.parametrize("seconds", [60, *range(600, 660, 5)])
def test_throttling_loses_nothing_exceeds_no_limit_and_is_caught_up_within_a_minute(seconds):
    found = throttled(seconds)
    assert found.refused >= 8
    assert (found.tasks, found.finished, found.lost, found.left) == (33, 33, 0, 0)
    assert found.most == LIMITS.max_nodes
    assert found.most_usd <= LIMITS.max_hourly_cost
    assert 0 < found.caught_up <= 60


def test_a_scheduler_and_an_autoscaler_that_are_killed():
    with ElasticCluster(IDLE, 10.0, SIZES) as cluster, Client(cluster.address, timeout=60) as client:
        load = Load(cluster, client, IDLE)
        killed = load.autoscaler_killed(seconds=15, every=5)
        assert killed.kills >= 3
        assert (killed.finished, killed.again, killed.most) == (killed.tasks, 0, 2)
        load.until_empty(60)
        restarted = load.scheduler_killed()
        assert 0 < restarted.lost < restarted.tasks == restarted.finished
        assert (restarted.drained, restarted.most) == (0, 2)
        load.until_empty(60)
