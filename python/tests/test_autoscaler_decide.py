"""The decision of the autoscaler, case by case."""

from dataclasses import replace

import pytest

from cdktf_dask.autoscaler.assign import assign
from cdktf_dask.autoscaler.decide import decide
from cdktf_dask.autoscaler.launches import Launches
from cdktf_dask.autoscaler.model import Action, Capacity, Demand, Limits, Memory, Node, Pool
from cdktf_dask.autoscaler.window import largest

CPU, GPU = (("CPU", 1.0),), (("GPU", 1.0),)
CPU_POOL = Pool("cpu", {"CPU": 8}, threads=8, max_size=10, usd_per_hour=0.4)
GPU_POOL = Pool("gpu", {"GPU": 1}, max_size=4, usd_per_hour=1.0, gpu=True)


class Clock:
    """One cluster from tick to tick."""

    def __init__(self, *pools, limits=None):
        self.pools, self.limits, self.memories, self.now = pools, limits or Limits(), {}, 1000.0

    def tick(self, demands=(), nodes=None, capacity=None, after=1.0):
        """A decision, some seconds after the last."""
        self.now += after
        capacity = {pool.name: (capacity or {}).get(pool.name, Capacity(0, 0)) for pool in self.pools}
        return decide(self.pools, demands, nodes or {}, capacity, self.memories, self.limits, self.now)

    def idle(self, seconds, **what):
        """The last of decisions every 10 seconds."""
        for _ in range(seconds // 10):
            decision = self.tick(after=10.0, **what)
        return decision


def demand(needs, tasks, seconds=None, on_workers=0):
    return Demand(needs, tasks, on_workers, seconds)


@pytest.mark.parametrize(
    ("pool", "needs", "slots"),
    [
        (CPU_POOL, None, 8),
        (CPU_POOL, CPU, 8),
        (CPU_POOL, (("CPU", 3.0),), 2),
        (CPU_POOL, (("CPU", 0.0),), 8),
        (CPU_POOL, GPU, 0),
        (CPU_POOL, (("CPU", 9.0),), 0),
        (replace(CPU_POOL, workers=2, threads=4), CPU, 8),
        (Pool("a", {"A": 0.3}, threads=9), (("A", 0.1),), 3),
        (Pool("a", {"A": 1, "B": 2}, threads=9), (("A", 0.5), ("B", 2.0)), 1),
    ],
)
def test_tasks_that_a_node_runs_at_the_same_time(pool, needs, slots):
    assert pool.slots(needs) == slots


@pytest.mark.parametrize(
    ("needs", "tasks", "seconds", "wants"),
    [
        (CPU, 3, None, {"cpu": 1, "gpu": 0}),
        (CPU, 400, None, {"cpu": 3, "gpu": 0}),
        (CPU, 400, 0.001, {"cpu": 1, "gpu": 0}),
        (CPU, 16, 600.0, {"cpu": 2, "gpu": 0}),
        (CPU, 10_000, None, {"cpu": 10, "gpu": 0}),
        (None, 10_000, None, {"cpu": 10, "gpu": 0}),
        (GPU, 1, None, {"cpu": 0, "gpu": 1}),
        (GPU, 6, None, {"cpu": 0, "gpu": 3}),
        (GPU, 6, 600.0, {"cpu": 0, "gpu": 4}),
        (CPU, 0, None, {"cpu": 0, "gpu": 0}),
    ],
)
def test_nodes_that_the_work_needs(needs, tasks, seconds, wants):
    decision = Clock(CPU_POOL, GPU_POOL).tick([demand(needs, tasks, seconds)])
    assert decision.wants == wants
    assert [(a.kind, a.pool, a.to) for a in decision.actions] == [
        ("out", pool, to) for pool, to in wants.items() if to
    ]


def test_the_reason_of_a_scale_out():
    (action,) = Clock(GPU_POOL).tick([demand(GPU, 4), demand(GPU, 2)]).actions
    assert action == Action("out", "gpu", to=3, why="6 tasks want 3")


def test_nodes_that_boot_count():
    clock = Clock(GPU_POOL)
    asked = clock.tick([demand(GPU, 6)], capacity={"gpu": Capacity(3, 0)})
    booting = clock.tick([demand(GPU, 6)], capacity={"gpu": Capacity(3, 3)})
    joined = clock.tick([demand(GPU, 6)], {"gpu": [Node("a"), Node("b")]}, {"gpu": Capacity(3, 3)})
    assert [asked.actions, booting.actions, joined.actions] == [[], [], []]


def test_tasks_without_resources_start_gpu_nodes_only_if_all_pools_have_gpus():
    assert Clock(GPU_POOL, CPU_POOL).tick([demand(None, 3)]).wants == {"gpu": 0, "cpu": 1}
    assert Clock(GPU_POOL).tick([demand(None, 3)]).wants == {"gpu": 2}


def test_tasks_that_no_pool_can_run_scale_nothing():
    tasks = [demand((("TPU", 1.0),), 5), demand((("GPU", 2.0),), 2), demand((("X", 1.0),), 0, on_workers=1)]
    decision = Clock(CPU_POOL, GPU_POOL).tick(tasks)
    assert (decision.wants, decision.actions) == ({"cpu": 0, "gpu": 0}, [])
    assert decision.unsatisfiable == tasks[:2]


def test_the_next_pool_takes_what_is_over_if_the_first_is_full():
    spot = replace(GPU_POOL, name="spot")
    by_pool, _ = assign(
        [spot, GPU_POOL], [demand(GPU, 9, 60.0)], {"spot": Capacity(4, 4), "gpu": Capacity(0, 0)}, 0.0
    )
    assert {name: [d.tasks for d in found] for name, found in by_pool.items()} == {"spot": [8], "gpu": [1]}


def test_many_small_kinds_of_tasks_fill_a_pool_together():
    spot = replace(GPU_POOL, name="spot")
    decision = Clock(spot, GPU_POOL).tick([demand(GPU, 3, 600.0), demand(GPU, 3, 600.0)])
    assert decision.wants == {"spot": 4, "gpu": 2}
    assert decision.demand == {"spot": 4, "gpu": 2}


def test_the_next_pool_takes_all_if_the_first_is_blocked():
    spot = replace(GPU_POOL, name="spot")
    clock = Clock(spot, GPU_POOL)
    decision = clock.tick([demand(GPU, 2, 60.0)], capacity={"spot": Capacity(1, 0, blocked_until=2000.0)})
    assert decision.wants == {"spot": 0, "gpu": 1}


def test_a_blocked_pool_keeps_the_work_if_it_is_the_only_one_and_does_not_grow():
    decision = Clock(GPU_POOL).tick([demand(GPU, 6)], capacity={"gpu": Capacity(1, 0, blocked_until=2000.0)})
    assert (decision.wants, decision.actions, decision.limited) == ({"gpu": 3}, [], {"gpu": "capacity"})


def test_the_size_follows_min_size_and_max_size():
    pool = replace(CPU_POOL, min_size=2, max_size=3)
    assert [a.to for a in Clock(pool).tick().actions] == [2]
    decision = Clock(pool).tick([demand(CPU, 10_000)])
    assert (decision.wants, decision.limited) == ({"cpu": 3}, {"cpu": "maxSize"})


def test_limits_are_shared_and_sizes_that_must_be_come_first():
    first, second = replace(CPU_POOL, name="first"), replace(CPU_POOL, name="second", min_size=2)
    decision = Clock(first, second, limits=Limits(max_nodes=5)).tick([demand(CPU, 100_000)])
    assert [(a.pool, a.to) for a in decision.actions] == [("first", 2), ("second", 3)]
    assert decision.limited == {"first": "maxNodes", "second": "maxNodes"}


def test_the_hourly_cost_counts_the_scheduler_and_unknown_prices_exceed_it():
    limits = Limits(max_hourly_cost=2.5, scheduler_usd_per_hour=0.1)
    clock = Clock(CPU_POOL, GPU_POOL, limits=limits)
    decision = clock.tick([demand(CPU, 10_000), demand(GPU, 100)])
    assert [(a.pool, a.to) for a in decision.actions] == [("cpu", 3), ("gpu", 1)]
    assert decision.limited == {"cpu": "maxHourlyCost", "gpu": "maxHourlyCost"}
    unknown = Clock(replace(CPU_POOL, usd_per_hour=None), limits=limits).tick([demand(CPU, 1)])
    assert (unknown.actions, unknown.limited) == ([], {"cpu": "maxHourlyCost"})


def test_results_ask_for_memory_at_60_percent():
    there = {"cpu": [Node("a", used=0.7), Node("b", used=0.6)]}
    decision = Clock(CPU_POOL).tick((), there, {"cpu": Capacity(2, 2)})
    assert decision.wants == {"cpu": 3}
    little = Clock(CPU_POOL).tick((), {"cpu": [Node("a", used=0.001)]}, {"cpu": Capacity(1, 1)})
    assert little.wants == {"cpu": 1}


def test_paused_nodes_ask_for_one_more():
    there = [Node("a", paused=True), Node("b", paused=True)]
    clock = Clock(CPU_POOL)
    assert clock.tick([demand(CPU, 1)], {"cpu": there}, {"cpu": Capacity(2, 2)}).wants == {"cpu": 3}
    assert clock.tick((), {"cpu": there}, {"cpu": Capacity(2, 2)}).wants == {"cpu": 0}


def test_nothing_leaves_before_it_was_idle_for_the_idle_timeout():
    clock, there = Clock(CPU_POOL), {"nodes": {"cpu": [Node("a")]}, "capacity": {"cpu": Capacity(1, 1)}}
    assert clock.idle(300, **there).actions == []
    assert clock.tick(after=10.0, **there).actions == [
        Action("in", "cpu", nodes=("a",), why="at most 0 were wanted for 300 s")
    ]
    assert clock.tick([demand(CPU, 1)], **there).actions == []
    assert clock.idle(300, **there).actions == []
    assert [a.kind for a in clock.tick(after=10.0, **there).actions] == ["in"]


def test_nodes_that_tasks_fill_stay_however_short_the_tasks_are():
    there = {
        "nodes": {"cpu": [Node("a"), Node("b"), Node("c"), Node("d")]},
        "capacity": {"cpu": Capacity(4, 4)},
    }
    clock = Clock(CPU_POOL)
    assert clock.idle(400, demands=[demand(CPU, 25, 0.01)], **there).actions == []
    (action,) = clock.tick([demand(CPU, 24, 0.01)], **there).actions
    assert action == Action("in", "cpu", nodes=("a",), why="at most 3 were wanted for 300 s")
    # Capacity that never came is not given back either.
    assert settled(CPU_POOL).tick([demand(CPU, 33, 0.01)], {}, {"cpu": Capacity(6, 1)}).actions == [
        Action("lower", "cpu", to=5, why="capacity that never came is no longer wanted")
    ]


def test_a_gap_between_observations_starts_the_window_again():
    memory = Memory()
    assert [largest(memory, float(t), 0, 60.0) for t in range(0, 61, 20)] == [None, None, None, 0]
    assert largest(memory, 91.0, 0, 60.0) is None
    assert [largest(memory, float(t), 2, 60.0) for t in (111, 131, 151)] == [None, None, 2]
    assert largest(memory, 100.0, 2, 60.0) is None


def settled(pool):
    """A clock after one idle timeout with nothing to do."""
    clock = Clock(pool)
    clock.idle(310)
    return clock


def test_nodes_with_fewest_tasks_and_results_leave_first_and_held_ones_never():
    there = [
        Node("busy", busy=1),
        Node("data", unique_bytes=10),
        Node("actor", held="actor"),
        Node("more", unique_bytes=20),
        Node("b"),
        Node("a"),
    ]
    decision = settled(CPU_POOL).tick((), {"cpu": there}, {"cpu": Capacity(6, 6)})
    assert [(a.kind, a.nodes) for a in decision.actions] == [("in", ("a", "b", "data"))]


def test_at_most_half_of_a_pool_drains_at_the_same_time():
    there = [Node("a", draining=True), Node("b", draining=True, forced=True), Node("c"), Node("d"), Node("e")]
    assert settled(CPU_POOL).tick((), {"cpu": there}, {"cpu": Capacity(5, 5)}).actions == []
    decision = settled(CPU_POOL).tick((), {"cpu": [*there[2:], Node("f")]}, {"cpu": Capacity(4, 4)})
    assert [a.nodes for a in decision.actions] == [("c", "d")]


def test_a_node_that_boots_does_not_replace_one_that_runs():
    clock = settled(replace(CPU_POOL, min_size=1))
    assert clock.tick((), {"cpu": [Node("a")]}, {"cpu": Capacity(2, 2)}).actions == []


def test_work_that_returns_undoes_drains_before_it_starts_nodes():
    draining = [Node("a", draining=True), Node("b", draining=True, unique_bytes=9), Node("c")]
    one = Clock(CPU_POOL).tick([demand(CPU, 16, 600.0)], {"cpu": draining}, {"cpu": Capacity(3, 3)})
    assert one.actions == [Action("back", "cpu", nodes=("b",), why="2 are wanted again")]
    more = Clock(CPU_POOL).tick([demand(CPU, 32, 600.0)], {"cpu": draining}, {"cpu": Capacity(3, 3)})
    assert [(a.kind, a.nodes, a.to) for a in more.actions] == [("back", ("b", "a"), 0), ("out", (), 4)]


def test_a_forced_drain_is_not_undone_and_a_node_that_ends_is_not_counted():
    forced = [Node("a", draining=True, forced=True)]
    decision = Clock(CPU_POOL).tick([demand(CPU, 1)], {"cpu": forced}, {"cpu": Capacity(1, 1)})
    assert decision.actions == []
    ending = {"cpu": Capacity(0, 0, ending=frozenset({"a"}))}
    decision = Clock(CPU_POOL).tick([demand(CPU, 1)], {"cpu": [Node("a", draining=True)]}, ending)
    assert [(a.kind, a.to) for a in decision.actions] == [("out", 1)]


def test_a_node_that_an_operator_drains_leaves_and_another_one_comes():
    there = [Node("a", draining=True, ordered=True), Node("b")]
    clock = Clock(replace(CPU_POOL, max_size=3))
    grows = clock.tick([demand(CPU, 16, 600.0)], {"cpu": there}, {"cpu": Capacity(2, 2)})
    assert grows.actions == [Action("out", "cpu", to=3, why="16 tasks want 2 beside 1 that leave")]
    booting = clock.tick([demand(CPU, 16, 600.0)], {"cpu": there}, {"cpu": Capacity(3, 3)})
    full = clock.tick([demand(CPU, 99, 600.0)], {"cpu": there}, {"cpu": Capacity(3, 3)})
    enough = clock.tick([demand(CPU, 8, 600.0)], {"cpu": there}, {"cpu": Capacity(2, 2)})
    assert [booting.actions, full.actions, enough.actions] == [[], [], []]
    gone = clock.tick([demand(CPU, 16, 600.0)], {"cpu": there[1:]}, {"cpu": Capacity(2, 2)})
    assert gone.actions == []


def test_a_node_that_an_operator_drains_counts_neither_for_the_smallest_size_nor_for_scale_in():
    there = {"cpu": [Node("a", draining=True, ordered=True), Node("b")]}
    pool = replace(CPU_POOL, min_size=2)
    (action,) = Clock(pool).tick((), there, {"cpu": Capacity(2, 2)}).actions
    assert (action.kind, action.to) == ("out", 3)
    one = settled(replace(CPU_POOL, min_size=1))
    assert one.tick((), there, {"cpu": Capacity(2, 2)}).actions == []
    assert one.tick((), there, {"cpu": Capacity(5, 2)}).actions == [
        Action("lower", "cpu", to=2, why="capacity that never came is no longer wanted")
    ]


def test_few_nodes_without_workers_end_at_the_same_time():
    names = [f"n{number:02}" for number in range(30)]
    clock = Clock(replace(CPU_POOL, min_size=30, max_size=30))
    capacity = {"cpu": Capacity(30, 30, serving=frozenset(names))}
    nodes = {"cpu": [Node(name) for name in names[10:]]}
    assert clock.idle(600, nodes=nodes, capacity=capacity).actions == []
    ended = []
    for _ in range(180):
        for action in clock.tick((), nodes, capacity, after=10.0).actions:
            assert (action.kind, action.pool) == ("replace", "cpu")
            ended.append((clock.now, action.nodes))
    # Three of 30 in ten minutes. The provider has not ended them, so they are tried again.
    assert [(at - 1600, nodes) for at, nodes in ended] == [
        (10.0, ("n00", "n01", "n02")),
        (610.0, ("n03", "n04", "n05")),
        (1210.0, ("n00", "n01", "n02")),
    ]


def test_nodes_without_workers_that_are_not_wanted_are_not_replaced():
    clock = Clock(replace(CPU_POOL, max_size=30))
    serving = frozenset(f"n{number:02}" for number in range(30))
    there = {"nodes": {}, "capacity": {"cpu": Capacity(30, 30, serving=serving)}}
    clock.idle(600, demands=[demand(CPU, 225, 600.0)], **there)
    (end, replaced) = clock.tick([demand(CPU, 225, 600.0)], after=10.0, **there).actions
    assert [(a.kind, a.nodes) for a in (end, replaced)] == [("end", ("n00",)), ("replace", ("n01", "n02"))]


def test_nodes_with_other_names_than_the_provider_has_are_not_absent():
    clock = Clock(CPU_POOL)
    there = {
        "nodes": {"cpu": [Node("x"), Node("y")]},
        "capacity": {"cpu": Capacity(2, 2, serving=frozenset("ab"))},
    }
    assert "replace" not in {
        a.kind for _ in range(70) for a in clock.tick([demand(CPU, 16)], after=10.0, **there).actions
    }


def test_capacity_that_never_came_is_lowered_after_the_idle_timeout():
    clock = Clock(CPU_POOL)
    assert clock.idle(300, capacity={"cpu": Capacity(3, 1)}).actions == []
    decision = clock.tick(after=10.0, capacity={"cpu": Capacity(3, 1)})
    assert decision.actions == [
        Action("lower", "cpu", to=1, why="capacity that never came is no longer wanted")
    ]


def test_a_blocked_pool_gives_what_it_waits_for_to_the_next_at_a_limit():
    spot = replace(GPU_POOL, name="spot")
    clock = Clock(spot, GPU_POOL, limits=Limits(max_nodes=3))
    blocked = Capacity(3, 1, blocked_until=2000.0)
    first = clock.tick([demand(GPU, 6)], capacity={"spot": blocked})
    assert [(a.kind, a.pool, a.to) for a in first.actions] == [("lower", "spot", 1)]
    second = clock.tick([demand(GPU, 6)], capacity={"spot": replace(blocked, desired=1)})
    assert [(a.kind, a.pool, a.to) for a in second.actions] == [("out", "gpu", 2)]


def test_nodes_that_fail_to_launch_are_asked_for_one_at_a_time_with_waits_between():
    tasks, clock = [demand(GPU, 6, 600.0)], Clock(GPU_POOL)
    waiting = clock.tick(tasks, capacity={"gpu": Capacity(4, 1, blocked_until=2000.0, failures=3)})
    assert [(a.kind, a.to) for a in waiting.actions] == [("lower", 1)]
    assert waiting.limited == {"gpu": "launch"}
    again = clock.tick(tasks, capacity={"gpu": Capacity(0, 0, failures=3)})
    assert [(a.kind, a.to) for a in again.actions] == [("out", 1)]
    booting = clock.tick(tasks, capacity={"gpu": Capacity(1, 1, failures=3)})
    assert (booting.actions, booting.limited) == ([], {"gpu": "launch"})
    joined = clock.tick(tasks, {"gpu": [Node("a")]}, {"gpu": Capacity(1, 1)})
    assert [(a.kind, a.to) for a in joined.actions] == [("out", 4)]


def test_the_wait_after_three_failed_launches_doubles_up_to_an_hour():
    launches, waits = Launches(), []
    for _ in range(10):
        launches.failed(100.0)
        waits.append(max(0.0, launches.blocked_until - 100.0))
    assert waits == [0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    launches.joined()
    assert (launches.failures, launches.blocked_until) == (0, 0.0)
