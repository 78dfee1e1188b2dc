"""What the autoscaler remembers of drains."""

import time

from autoscaler_doubles import CPU, Clock, ProviderDouble, SchedulerDouble
from cdktf_dask.autoscaler.drains import ORDER_SECONDS, Drains
from cdktf_dask.autoscaler.model import Node
from cdktf_dask.autoscaler.scheduler import SeenNode


def test_a_node_that_is_gone_is_forgotten_and_the_others_are_not():
    scheduler, clock = SchedulerDouble(), Clock()
    drains = Drains(scheduler, ProviderDouble(scheduler, "cpu"), clock)
    kept = Node("cpu--1")
    scheduler.nodes[kept.name], scheduler.keeps[kept.name] = kept, "its results find no other worker"
    drains.begin(CPU, SeenNode(kept, ("tcp://cpu--1",)))
    while not (outcomes := drains.outcomes()):
        time.sleep(0.005)
    assert [outcome.result for outcome in outcomes] == ["kept"]
    drained = Node("cpu--2", draining=True, ordered=True)
    assert not drains.is_left(drained)
    clock.now += ORDER_SECONDS

    drains.forget_others({"cpu--1", "cpu--2"})
    assert drains.is_kept(kept.name) and drains.is_left(drained)

    drains.forget_others(set())
    assert not drains.is_kept(kept.name) and not drains.is_left(drained)
