"""Guards of the autoscaler: hung clusters, and results that keep nodes alive."""

import pytest

from cdktf_dask.autoscaler.hung import Hung, HungWatch
from cdktf_dask.autoscaler.keep import Keeper, Keeping, without_results
from cdktf_dask.autoscaler.model import Demand, Node

HOUR = 3600.0
STUCK = [Node("a", busy=2, cpu=4.9), Node("b", busy=5), Node("c")]


def test_a_cluster_hangs_if_no_task_finishes_and_no_cpu_is_in_use():
    watch = HungWatch(6 * HOUR)
    assert watch.observe(STUCK, 100.0) is None
    assert watch.observe(STUCK, 100.0 + 6 * HOUR - 1) is None
    hung = watch.observe(STUCK, 100.0 + 6 * HOUR)
    assert hung == Hung(6 * HOUR, ("b", "a"), 7)
    assert str(hung) == (
        "no task has finished for 6.0 h, 7 tasks are on b, a, and all nodes use less than 5 % of their CPUs. "
        "Hint: look at the call stacks on the dashboard, then cancel the tasks or restart the workers"
    )


@pytest.mark.parametrize(
    "nodes",
    [
        [Node("a", busy=2), Node("b", busy=5, cpu=5.0)],
        [Node("a", busy=2), Node("b", busy=5, finished=1)],
        [Node("a"), Node("b")],
        [],
    ],
    ids=["CPU in use", "task finished", "no task", "no node"],
)
def test_progress_starts_the_time_again(nodes):
    watch = HungWatch(100.0)
    watch.observe(STUCK, 0.0)
    assert watch.observe(nodes, 99.0) is None
    assert watch.observe(STUCK, 100.0) is None
    assert watch.observe(STUCK, 199.0) is None
    assert watch.observe(STUCK, 200.0) == Hung(100.0, ("b", "a"), 7)


def test_a_worker_that_restarts_counts_from_zero_and_is_no_progress():
    watch = HungWatch(100.0)
    watch.observe([Node("a", busy=1, finished=9)], 0.0)
    assert watch.observe([Node("a", busy=1, finished=0)], 100.0) == Hung(100.0, ("a",), 1)


def test_a_cluster_is_not_watched_without_a_time():
    watch = HungWatch(None)
    assert [watch.observe(STUCK, at) for at in (0.0, 1e9)] == [None, None]


def test_results_are_announced_an_hour_before_they_are_given_up():
    keeper, nodes = Keeper(12 * HOUR), [Node("a", used=0.1), Node("b")]
    states = [keeper.observe((), nodes, hours * HOUR) for hours in (0, 10.9, 11, 11.9, 12)]
    assert [(found.announced, found.released) for found in states] == [
        (False, False),
        (False, False),
        (True, False),
        (True, False),
        (True, True),
    ]
    assert {found.until for found in states} == {12 * HOUR}


def test_half_of_a_short_time_is_the_notice():
    keeper = Keeper(600.0)
    keeper.observe((), [Node("a", unique_bytes=1)], 0.0)
    assert keeper.observe((), [Node("a", unique_bytes=1)], 300.0) == Keeping(600.0, True, False)


@pytest.mark.parametrize(
    ("demands", "nodes"),
    [
        ([Demand(None, 1, 0, None)], [Node("a", used=0.1)]),
        ([Demand(None, 0, 1, None)], [Node("a", used=0.1)]),
        ([], [Node("a", used=0.1, busy=1)]),
        ([], [Node("a")]),
    ],
    ids=["task waits", "task on a worker", "node is busy", "no results"],
)
def test_work_starts_the_time_again_and_without_results_there_is_none(demands, nodes):
    keeper = Keeper(100.0)
    keeper.observe((), [Node("a", used=0.1)], 0.0)
    assert keeper.observe(demands, nodes, 99.0) is None
    assert keeper.observe((), [Node("a", used=0.1)], 100.0) == Keeping(200.0, False, False)


def test_results_are_kept_for_ever_without_a_time():
    keeper = Keeper(None)
    assert [keeper.observe((), [Node("a", used=0.1)], at) for at in (0.0, 1e9)] == [None, None]


def test_given_up_results_hold_no_node_but_actors_do():
    nodes = {"cpu": [Node("a", used=0.5, unique_bytes=7, held="kept"), Node("b", used=0.1, held="actor")]}
    assert without_results(nodes) == {"cpu": [Node("a"), Node("b", held="actor")]}
