"""Properties of the decision over random clusters, loads, launches, losses and restarts."""

from math import inf

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoscaler_world import KINDS, Step, World, limits, pools, steps, work
from cdktf_dask.autoscaler.model import MAX_FAILURES, Limits

BOUNDED = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NOTHING = Step(10, (0,) * len(KINDS), None, True, True, False, False, None, "", 0.0)


def played(pools, limits, steps):
    """Each decision with what the world was before and after it."""
    world = World(pools, limits)
    for step in steps:
        world.happen(step)
        desired, cost = dict(world.desired), world.cost()
        seen = world.decide(step.work, step.task_seconds)
        world.carry_out(seen[-1])
        yield world, desired, cost, *seen


@BOUNDED
@given(pools(), limits, steps)
def test_no_limit_is_ever_exceeded(pools, limits, steps):
    largest = {pool.name: pool.max_size for pool in pools}
    for world, desired, cost, *_, decision in played(pools, limits, steps):
        assert all(world.desired[name] <= largest[name] for name in largest)
        assert sum(world.desired.values()) <= max(limits.max_nodes or inf, sum(desired.values()))
        assert world.cost() <= max(limits.max_hourly_cost or inf, cost) + 1e-6
        for action in decision.actions:
            assert action.kind != "out" or action.to > desired[action.pool]
            assert action.kind != "lower" or action.to < desired[action.pool]


@BOUNDED
@given(pools(), limits, steps)
def test_no_node_is_taken_within_the_idle_timeout_after_it_was_wanted(pools, limits, steps):
    by_name = {pool.name: pool for pool in pools}
    for world, _, _, _, nodes, _, decision in played(pools, limits, steps):
        for action in decision.actions:
            if action.kind == "in":
                most = world.most_wanted(by_name[action.pool])
                active = sum(not node.draining for node in nodes[action.pool])
                assert most is not None
                assert active - len(action.nodes) >= max(most, by_name[action.pool].min_size)


@BOUNDED
@given(pools(), limits, steps)
def test_held_nodes_are_never_taken_and_at_most_half_of_a_pool_drains(pools, limits, steps):
    for world, _, _, _, nodes, _, decision in played(pools, limits, steps):
        for action in decision.actions:
            if action.kind == "in":
                there = {node.name: node for node in nodes[action.pool]}
                assert all(not there[name].held and not there[name].draining for name in action.nodes)
                draining = sum(bool(found.draining) for found in world.instances[action.pool].values())
                before = sum(node.draining for node in there.values())
                assert draining <= max(1, len(there) // 2, before)
            if action.kind == "back":
                assert all(node.draining for node in nodes[action.pool] if node.name in action.nodes)


@BOUNDED
@given(pools(), limits, steps)
def test_gpu_nodes_are_wanted_only_for_what_needs_them(pools, limits, steps):
    for _, _, _, demands, nodes, _, decision in played(pools, limits, steps):
        for pool in (pool for pool in pools if pool.gpu):
            useful = [
                demand
                for demand in demands
                if demand.tasks
                and pool.slots(demand.needs)
                and (demand.needs or all(other.gpu for other in pools))
            ]
            if not useful and not any(node.used for node in nodes[pool.name]):
                assert decision.wants[pool.name] == pool.min_size


@BOUNDED
@given(pools(), limits, steps)
def test_every_pool_has_its_smallest_size_unless_something_limits_it(pools, limits, steps):
    for world, *_, decision in played(pools, limits, steps):
        for pool in pools:
            if world.desired[pool.name] < pool.min_size:
                assert decision.limited[pool.name] in ("maxNodes", "maxHourlyCost", "capacity", "launch")


@BOUNDED
@given(pools(), limits, steps)
def test_after_failed_launches_a_pool_gets_one_node_at_a_time(pools, limits, steps):
    for _, desired, _, _, nodes, capacity, decision in played(pools, limits, steps):
        for action in decision.actions:
            if action.kind == "out" and capacity[action.pool].failures >= MAX_FAILURES:
                assert action.to == desired[action.pool] + 1 == len(nodes[action.pool]) + 1


@BOUNDED
@given(pools(), limits, steps)
def test_tasks_wait_for_nodes_or_are_unsatisfiable(pools, limits, steps):
    for *_, demands, _, _, decision in played(pools, limits, steps):
        runs = {d.needs: [pool for pool in pools if pool.slots(d.needs)] for d in demands}
        assert [d.needs for d in decision.unsatisfiable] == [
            d.needs for d in demands if d.tasks and not runs[d.needs]
        ]
        for demand in demands:
            if demand.tasks and runs[demand.needs]:
                assert sum(decision.wants[pool.name] for pool in runs[demand.needs]) >= 1


@BOUNDED
@given(pools(), limits, steps)
def test_after_the_work_every_pool_returns_to_its_smallest_size(pools, limits, steps):
    calm = [NOTHING] * 80
    *_, (world, *_) = played(pools, limits, [*steps, *calm])
    for pool in pools:
        held = [found for found in world.instances[pool.name].values() if found.held]
        # Held nodes stay; limits may forbid the smallest size.
        assert len(world.instances[pool.name]) <= max(pool.min_size, len(held))
        assert world.desired[pool.name] <= max(pool.min_size, len(held))


@BOUNDED
@given(pools(), limits, steps)
def test_an_autoscaler_that_restarts_all_the_time_takes_no_node_and_asks_for_none_twice(pools, limits, steps):
    world = World(pools, limits)
    for step in steps:
        world.happen(step)
        world.memories = {}
        first = world.decide(step.work, step.task_seconds)[-1]
        assert {action.kind for action in first.actions} <= {"out", "back", "lower"}
        world.carry_out(first)
        world.memories = {}
        again = world.decide(step.work, step.task_seconds)[-1]
        # What a blocked pool has given back is free for others.
        if "lower" not in {action.kind for action in first.actions}:
            assert "out" not in {action.kind for action in again.actions}


phases = st.lists(
    st.tuples(st.sampled_from((0.001, 0.1, 5.0, 600.0)), st.floats(0.5, 1.0)), min_size=2, max_size=6
)


@BOUNDED
@given(pools(), work, phases)
def test_work_that_only_gets_less_grows_no_pool_after_a_scale_in(pools, work, phases):
    # Pools that share work take it from each other, so there is one. Its tasks seem to take another time in
    # each phase, for longer than the idle timeout.
    world, shrunk = World(pools[:1], Limits()), False
    for seconds, left in phases:
        for _ in range(20):
            world.happen(Step(10, work, seconds, True, True, False, False, None, "", 0.0))
            decision = world.decide(work, seconds)[-1]
            world.carry_out(decision)
            kinds = {action.kind for action in decision.actions}
            assert not (shrunk and "out" in kinds)
            shrunk |= "in" in kinds
        work = tuple(int(tasks * left) for tasks in work)
