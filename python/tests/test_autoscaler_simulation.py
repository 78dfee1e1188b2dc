"""Numbers of the autoscaler in virtual time."""

from itertools import pairwise

import pytest

import autoscaler_scenarios as scenarios
from autoscaler_scenarios import CPU


def test_a_load_of_a_period_longer_than_the_idle_timeout_starts_few_nodes():
    run = scenarios.on_and_off(CPU.idle_timeout + 120)
    starts = run.started("cpu") / run.peak("cpu") / 2
    assert 0 < starts <= 3600 / (CPU.idle_timeout + run.boot)
    assert run.wanted_taken == 0


def test_a_load_of_a_shorter_period_starts_each_node_once():
    run = scenarios.on_and_off(CPU.idle_timeout - 60)
    assert (run.started("cpu"), run.peak("cpu"), run.taken("cpu")) == (4, 4, 0)


def test_three_short_tasks_ask_for_one_node():
    run = scenarios.three_short_tasks()
    assert run.outs("cpu") == [(0.0, 1)]
    assert (run.done, run.started("cpu"), run.started("gpu"), run.desired["cpu"]) == (3, 1, 0, 0)


def test_one_task_a_minute_keeps_one_node():
    run = scenarios.one_task_a_minute()
    assert (run.done, run.started("cpu"), run.taken("cpu")) == (120, 1, 0)


def test_a_burst_from_zero_is_one_scale_out_to_the_largest_size():
    run = scenarios.burst()
    assert run.outs("cpu") == [(0.0, 10)]
    assert (run.done, run.started("cpu"), run.started("gpu"), run.desired["cpu"]) == (10_000, 10, 0, 0)


@pytest.mark.parametrize("seed", range(10))
def test_a_burst_is_one_scale_out_however_wrong_the_measured_durations_are(seed):
    run = scenarios.noisy_burst(seed)
    assert run.outs("cpu") == [(0.0, 10)]
    assert (run.done, run.started("cpu"), run.desired["cpu"]) == (10_000, 10, 0)


def test_the_next_pool_starts_nodes_within_75_seconds_if_the_first_gets_none():
    run = scenarios.no_capacity()
    assert run.outs("spot") == [(0.0, 4)]
    ((at, size),) = run.outs("gpu")
    assert (at <= 75, size) == (True, 4)
    assert run.done == 8
    lowered = [(one.pool, one.to) for _, one in run.actions if one.kind == "lower"]
    assert lowered == [("spot", 0)]
    assert run.desired == {"spot": 0, "gpu": 0}


def test_launches_that_fail_are_tried_less_and_less_often():
    run = scenarios.failing_launches()
    tried = [one.born for one in run.launched("gpu")]
    # Three in a row as fast as nodes boot, then with waits of 1, 2, 4, … minutes between them.
    waits = [round(after - before - run.boot) for before, after in pairwise(tried)]
    assert len(tried) == 9
    assert all(wait <= 1 for wait in waits[:2])
    assert waits[2:] == sorted(waits[2:])
    assert waits[-1] > 1800


def test_after_ten_minutes_of_refused_changes_pools_catch_up_within_60_seconds():
    run = scenarios.throttled()
    assert run.outs("cpu")[0] == (0.0, 1)
    assert {pool: min(at for at, _ in run.outs(pool) if at > 0) for pool in run.pools} == {
        "cpu": 717,
        "gpu": 662,
    }
    assert run.most_nodes == 6
    assert run.most_usd == pytest.approx(9.8)
    assert run.done == 5_028


def test_an_autoscaler_that_is_killed_every_30_seconds_loses_no_wanted_node_and_asks_once():
    run = scenarios.killed()
    assert run.outs("cpu") == [(0.0, 10)]
    assert run.done == 10_000
    # The last restart is at 572 s.
    assert min(at for at, one in run.actions if one.kind == "in") == 572 + CPU.idle_timeout
    assert run.wanted_taken == 0
    assert run.meter.total == pytest.approx(run.cost(), rel=0.01)


def test_a_decision_takes_at_most_50_ms():
    assert scenarios.decision_seconds(tasks=100_000, nodes=1_000) < 0.05
