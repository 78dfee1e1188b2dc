"""The counters of tasks, compared with a scan of all tasks of a real scheduler."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from distributed import Scheduler

from cdktf_dask.preloads import count_demand
from cdktf_dask.preloads.count_demand import ACTIVE, Demand
from small_cluster import SmallCluster, small_cluster, until

NEEDS: list[dict[str, Any]] = [
    {},
    {"resources": {"CPU": 1}},
    {"resources": {"GPU": 1}},
    {"resources": {"CPU": 1, "GPU": 0.5}},
    {"resources": {"TPU": 1}},
]
"""Options of tasks. No worker has a TPU."""


def scan(scheduler: Scheduler) -> dict[Any, list[int]]:
    """What the counters have to be."""
    found: dict[Any, list[int]] = {}
    for task in scheduler.tasks.values():
        if task.state in ACTIVE:
            needs = task.resource_restrictions
            kind = (frozenset(needs.items()) if needs else None, task.prefix.name)
            found.setdefault(kind, [0, 0])[task.state == "processing"] += 1
    return found


def demand_of(scheduler: Scheduler) -> Demand:
    found = scheduler.plugins["demand"]
    assert isinstance(found, Demand)
    return found


def check(scheduler: Scheduler) -> None:
    demand = demand_of(scheduler)
    assert demand.counts == scan(scheduler)
    assert demand.active.keys() == {task.key for task in scheduler.tasks.values() if task.state in ACTIVE}


def work(number: int, *_: object) -> int:
    if number % 7 == 0:
        raise ValueError(number)
    return number


async def random_load(cluster: SmallCluster, seed: int) -> set[str]:
    """Submit, resubmit, cancel, release, lose workers, restart; compare after each step.

    Returns the states seen.
    """
    chance, client, scheduler = random.Random(seed), cluster.client, cluster.scheduler
    inputs = client.map(work, range(20), key=[f"input-{number}" for number in range(20)])
    held: list[Any] = client.map(work, range(20), key=[f"start-{number}" for number in range(20)])
    await until(lambda: scheduler.queued)
    seen = {task.state for task in scheduler.tasks.values()}
    check(scheduler)
    await cluster.worker("cpu--a", threads=2, CPU=2)
    both = await cluster.worker("gpu--a", CPU=1, GPU=1)
    for step in range(60):
        for _ in range(chance.randrange(12)):
            # Few keys, so that many are submitted again while they wait, run, are done or have failed.
            key = f"{chance.choice('abc')}-{chance.randrange(40)}"
            given = chance.sample(inputs, chance.randrange(3)) if inputs else []
            needs = chance.choice(NEEDS)
            held.append(client.submit(work, chance.randrange(100), *given, key=key, **needs))
        chance.shuffle(held)
        given_up = [held.pop() for _ in range(min(len(held), chance.randrange(10)))]
        if chance.random() < 0.3:
            await client.cancel(given_up)
        del given_up
        if step == 25:
            await both.close()
        if step == 35:
            await cluster.worker("gpu--b", CPU=1, GPU=1)
        if step == 45:
            # Dask 2024.7 fails in transitions of tasks that are on their way when their inputs are removed.
            held.append(client.submit(work, 1, key="last"))
            await until(lambda: "last" in scheduler.tasks)
            held.clear()
            inputs.clear()
            await scheduler.restart(stimulus_id="test", wait_for_workers=False)
        for _ in range(4):
            check(scheduler)
            seen |= {task.state for task in scheduler.tasks.values()}
            await asyncio.sleep(chance.choice([0, 0, 0.002]))
    held.clear()
    await asyncio.sleep(0.2)
    check(scheduler)
    await scheduler.restart(stimulus_id="test", wait_for_workers=False)
    check(scheduler)
    return seen


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_counters_equal_a_scan_of_all_tasks_at_any_moment(seed):
    async def test() -> None:
        async with small_cluster(count_demand) as cluster:
            seen = await random_load(cluster, seed)
            assert {"queued", "no-worker", "processing", "memory", "erred"} <= seen
            assert demand_of(cluster.scheduler).counts == {}

    asyncio.run(test())


def test_kinds_are_those_of_resources_in_any_order_and_of_prefixes():
    async def test() -> None:
        async with small_cluster(count_demand) as cluster:
            futures = [
                cluster.client.submit(work, 1, key=f"f-{number}", resources=needs)
                for number, needs in enumerate([{"A": 1, "B": 2}, {"B": 2, "A": 1}, {"A": 1}, None])
            ]
            await until(lambda: len(demand_of(cluster.scheduler).active) == len(futures))
            assert demand_of(cluster.scheduler).counts == {
                (frozenset({("A", 1), ("B", 2)}), "f"): [2, 0],
                (frozenset({("A", 1)}), "f"): [1, 0],
                (None, "f"): [1, 0],
            }

    asyncio.run(test())


def test_a_restart_resets_the_counters_of_tasks():
    async def test() -> None:
        async with small_cluster(count_demand) as cluster:
            futures = cluster.client.map(work, range(5), resources={"TPU": 1})
            demand = demand_of(cluster.scheduler)
            await until(lambda: len(demand.active) == 5)
            await cluster.client.restart(wait_for_workers=False)
            assert (demand.active, demand.counts) == ({}, {})
            again = cluster.client.map(work, range(3), resources={"TPU": 1}, pure=False)
            await until(lambda: list(demand.counts.values()) == [[3, 0]])
            del futures, again

    asyncio.run(test())


def test_finished_tasks_are_counted_by_worker_also_those_that_fail():
    async def test() -> None:
        async with small_cluster(count_demand) as cluster:
            first = await cluster.worker("cpu--a", CPU=1)
            second = await cluster.worker("gpu--a", GPU=1)
            demand = demand_of(cluster.scheduler)
            assert demand.finished == {first.address: 0, second.address: 0}
            on_cpu = cluster.client.map(work, range(1, 11), resources={"CPU": 1})
            on_gpu = cluster.client.map(work, range(1, 4), resources={"GPU": 1}, pure=False)
            await cluster.client.gather([*on_cpu, *on_gpu], errors="skip")
            assert Counter(demand.finished) == {first.address: 10, second.address: 3}
            await second.close()
            await until(lambda: len(cluster.scheduler.workers) == 1)
            assert demand.finished == {first.address: 10}

    asyncio.run(test())
