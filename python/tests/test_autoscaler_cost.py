"""The meter of the autoscaler: node-seconds and USD, also across restarts."""

import json
import random

import pytest

from cdktf_dask.autoscaler.cost import Cost, Meter, Usage, usage
from cdktf_dask.autoscaler.model import Capacity, Node, Pool


def test_node_seconds_and_usd_with_the_part_of_idle_nodes():
    meter = Meter()
    meter.record(100.0, {"cpu": Usage(2, idle=1, usd_per_hour=3.6), "scheduler": Usage(1, usd_per_hour=0.36)})
    meter.record(110.0, {"cpu": Usage(4, idle=3, usd_per_hour=3.6), "scheduler": Usage(1, usd_per_hour=0.36)})
    assert meter.costs["cpu"] == Cost(node_seconds=30.0, idle_node_seconds=20.0, usd=0.03, idle_usd=0.02)
    assert meter.total == pytest.approx(0.031)
    assert meter.idle == pytest.approx(0.02)
    assert meter.hourly == pytest.approx(4 * 3.6 + 0.36)
    assert meter.unpriced == []


def test_nodes_of_unknown_price_count_as_node_seconds():
    meter = Meter()
    meter.record(0.0, {"cpu": Usage(2), "none": Usage(0)})
    meter.record(10.0, {"cpu": Usage(2), "none": Usage(0)})
    assert meter.costs["cpu"] == Cost(node_seconds=20.0, unpriced_node_seconds=20.0)
    assert (meter.total, meter.hourly, meter.unpriced) == (0.0, 0.0, ["cpu"])


def test_a_pool_that_is_gone_costs_until_then():
    meter = Meter()
    meter.record(0.0, {"cpu": Usage(1, usd_per_hour=3.6)})
    meter.record(10.0, {})
    meter.record(20.0, {})
    assert meter.costs["cpu"].node_seconds == 5.0


def test_the_time_of_a_long_gap_and_of_a_clock_set_back_is_not_counted():
    meter = Meter()
    for at in (0.0, 600.0, 1300.0, 1200.0, 1210.0):
        meter.record(at, {"cpu": Usage(1, usd_per_hour=1.0)})
    assert meter.costs["cpu"].node_seconds == 610.0
    assert meter.unobserved_seconds == 700.0


def test_nodes_that_boot_and_end_are_paid_for_and_only_joined_ones_are_idle():
    pools = [Pool("cpu", {}, usd_per_hour=0.5), Pool("gpu", {})]
    nodes = {"cpu": [Node("a"), Node("b", busy=1), Node("c", draining=True)]}
    capacity = {"cpu": Capacity(5, 4, ending=frozenset({"x"})), "gpu": Capacity(0, 0)}
    assert usage(pools, nodes, capacity) == {"cpu": Usage(5, 1, 0.5), "gpu": Usage(0)}


@pytest.mark.parametrize(
    ("on_demand", "nodes", "spot", "mean"),
    [
        (1.0, 4, (), 1.0),
        (1.0, 4, (0.3, 0.1), 0.6),
        (1.0, 2, (0.3, 0.1), 0.2),
        (None, 2, (0.3, 0.1), 0.2),
        (None, 4, (0.3, 0.1), None),
        (None, 0, (), None),
    ],
)
def test_spot_instances_cost_their_own_price_and_others_that_on_demand(on_demand, nodes, spot, mean):
    pool = Pool("cpu", {}, usd_per_hour=on_demand)
    ending = frozenset(["x"] if nodes else [])
    capacity = {"cpu": Capacity(nodes, nodes - len(ending), ending=ending, spot_prices=spot)}
    found = usage([pool], {}, capacity)["cpu"]
    assert (found.nodes, found.usd_per_hour) == (nodes, mean if mean is None else pytest.approx(mean))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version: got 2, expected 1. Hint: remove the file with the cost"),
        (
            {"last": {"cpu": {"hosts": 1}}},
            "got Usage.__init__() got an unexpected keyword argument 'hosts', expected a saved meter. "
            "Hint: remove the file with the cost",
        ),
        ({"costs": None}, None),
        ({"at": "yesterday"}, "at: got 'yesterday', expected seconds. Hint: remove the file with the cost"),
    ],
)
def test_a_file_that_is_no_meter_is_rejected(change, message):
    with pytest.raises(ValueError) as caught:
        Meter.restored(Meter().saved() | change)
    assert message is None or str(caught.value) == message


@pytest.mark.parametrize("seed", range(10))
def test_the_total_is_within_one_percent_of_an_independent_count_across_restarts(seed):
    rng = random.Random(seed)
    price = {"cpu": 0.4, "gpu": 3.0}
    # Independent: start and end of each node, to the millisecond.
    nodes = [
        (pool, start, start + rng.uniform(30, 2000))
        for pool in price
        for start in (rng.uniform(0, 3000) for _ in range(10))
    ]
    expected = sum((end - start) * price[pool] / 3600 for pool, start, end in nodes)
    meter, now, restarts = Meter(), 0.0, 0
    while now < 5100:
        running = {
            pool: Usage(sum(of == pool and start <= now < end for of, start, end in nodes), 0, usd)
            for pool, usd in price.items()
        }
        if rng.random() < 1 / 30:
            # Killed before it has recorded this tick, and started again some seconds later.
            meter = Meter.restored(json.loads(json.dumps(meter.saved())))
            restarts += 1
            now += rng.uniform(1, 10)
            continue
        meter.record(now, running)
        now += rng.uniform(0.9, 1.3)
    assert restarts > 50
    assert meter.total == pytest.approx(expected, rel=0.01)
    assert meter.unobserved_seconds == 0.0
