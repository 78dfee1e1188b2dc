"""Balance within pools: real schedulers and workers, and the pure decision which tasks move."""

import asyncio
import json
import threading
import time
from collections import Counter
from importlib.metadata import version
from typing import Any
from urllib.request import urlopen

import dask
from distributed import Client, get_worker

from cdktf_dask.preloads import balance_pools
from cdktf_dask.preloads.balance_pools import MAX_MOVES, Balance
from cluster import SOURCES, Cluster
from small_cluster import SmallCluster, small_cluster, until

NAMES = ("count_demand", "balance_pools", "serve_autoscaling")
END = threading.Event()
"""Ends tasks."""

STARTS: list[tuple[str, int]] = []
"""Worker and number of each task that has started in this process."""


def work(number: int, seconds: float) -> str:
    """Record the start; return the name of the worker."""
    name = str(get_worker().name)
    STARTS.append((name, number))
    time.sleep(seconds)
    return name


def wait_for_end(_: int) -> None:
    END.wait(30)


def started_twice(tasks: int) -> dict[int, list[str]]:
    """Workers of each task that did not start exactly once."""
    by_task: dict[int, list[str]] = {number: [] for number in range(tasks)}
    for name, number in STARTS:
        by_task[number].append(name)
    return {number: names for number, names in by_task.items() if len(names) != 1}


def balance_of(cluster: SmallCluster) -> Balance:
    found: Any = cluster.scheduler.plugins["balance-pools"]
    return found


async def share_of_newcomer(tasks: int, seconds: float, delay: float) -> Counter[str]:
    """Tasks by worker. A second GPU worker joins while the first works; 64 threads of a CPU pool are idle."""
    STARTS.clear()
    async with small_cluster(balance_pools) as cluster:
        await cluster.worker("cpu--a", threads=64, CPU=64)
        await cluster.worker("gpu--a", GPU=1)
        futures = cluster.client.map(work, range(tasks), seconds=seconds, resources={"GPU": 1}, pure=False)
        await until(lambda: len(STARTS) >= 1)
        await asyncio.sleep(delay)
        await cluster.worker("gpu--b", GPU=1)
        shares = Counter(await cluster.client.gather(futures))
        assert started_twice(tasks) == {}
        return shares


def test_a_newcomer_next_to_an_idle_pool_of_many_threads_gets_its_share_and_no_task_runs_twice():
    shares = asyncio.run(share_of_newcomer(tasks=100, seconds=0.03, delay=0.1))
    assert shares.keys() == {"gpu--a", "gpu--b"}
    assert shares["gpu--b"] >= 40


def test_a_newcomer_gets_tasks_whose_duration_is_unknown():
    shares = asyncio.run(share_of_newcomer(tasks=6, seconds=0.7, delay=0))
    assert shares["gpu--b"] >= 2


def test_tasks_without_resources_are_balanced_with_and_without_the_stealing_of_dask():
    async def test() -> None:
        STARTS.clear()
        async with small_cluster(balance_pools) as cluster:
            first = await cluster.worker("cpu--a")
            futures = cluster.client.map(work, range(40), seconds=0.05, pure=False)
            await until(lambda: len(cluster.scheduler.workers[first.address].processing) > 30)
            await cluster.worker("other--b")
            shares = Counter(await cluster.client.gather(futures))
            assert started_twice(40) == {}
            stealing = "stealing" in cluster.scheduler.periodic_callbacks
            assert stealing is not balance_of(cluster).replaces_dask
        assert shares["other--b"] >= 4

    # Without queuing, the scheduler assigns all tasks to the workers that exist.
    with dask.config.set({"distributed.scheduler.worker-saturation": "inf"}):
        asyncio.run(test())


def test_mixed_load_runs_on_the_pools_that_offer_what_it_needs_and_no_task_runs_twice():
    async def test() -> None:
        STARTS.clear()
        async with small_cluster(balance_pools) as cluster:
            await cluster.worker("cpu--a", threads=2, CPU=2)
            await cluster.worker("gpu--a", GPU=1)
            needs = [{"GPU": 1}, {"CPU": 1}, {"CPU": 2}, None]
            futures = [
                cluster.client.submit(work, number, 0.01, resources=needs[number % 4], pure=False)
                for number in range(400)
            ]
            await until(lambda: len(STARTS) > 20)
            for name, resources in (("cpu--b", {"CPU": 2}), ("gpu--b", {"GPU": 1}), ("cpu--c", {"CPU": 2})):
                await cluster.worker(name, threads=2, **resources)
            names = await cluster.client.gather(futures)
            assert started_twice(400) == {}
        assert {name.partition("--")[0] for name in names[0::4]} == {"gpu"}
        assert {name.partition("--")[0] for name in names[1::4] + names[2::4]} == {"cpu"}
        assert {"cpu--b", "cpu--c", "gpu--b"} <= set(names)

    asyncio.run(test())


def test_a_round_moves_at_most_2000_tasks_and_does_not_move_them_back():
    async def test() -> None:
        async with small_cluster(balance_pools) as cluster:
            await cluster.scheduler.extensions["stealing"].stop()  # only the preload moves tasks
            plugin = balance_of(cluster)
            first = await cluster.worker("gpu--a", GPU=1)
            futures = cluster.client.map(wait_for_end, range(5_000), resources={"GPU": 1}, pure=False)
            state = cluster.scheduler.workers[first.address]
            await until(lambda: len(state.processing) == 5_000)
            await cluster.worker("gpu--b", GPU=1)
            await until(lambda: len(state.processing) <= 3_001)  # one of them runs
            await asyncio.sleep(1.2)
            assert plugin.moves == MAX_MOVES
            END.set()
            await cluster.client.cancel(futures)

    END.clear()
    try:
        asyncio.run(test())
    finally:
        END.set()


def test_without_work_stealing_nothing_is_balanced(caplog):
    async def test() -> None:
        async with small_cluster() as cluster:
            del cluster.scheduler.extensions["stealing"]
            await balance_pools.dask_setup(cluster.scheduler)
            assert "balance-pools" not in cluster.scheduler.plugins

    asyncio.run(test())
    assert "tasks are not balanced within pools: the setting work-stealing is off" in caplog.messages


def test_dask_loads_the_preloads_by_their_paths_and_its_own_stealing_is_as_decided():
    paths = [SOURCES / "cdktf_dask" / "preloads" / f"{name}.py" for name in NAMES]
    with Cluster(*(word for path in paths for word in ("--preload", str(path)))) as cluster:
        with Client(cluster.address) as client:
            plugins = client.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.plugins))
            callbacks = client.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.periodic_callbacks))
        port = json.loads((cluster.directory / "scheduler.json").read_text())["services"]["dashboard"]
        with urlopen(f"http://127.0.0.1:{port}/autoscaling", timeout=30) as answer:
            assert json.load(answer)["nodes"] == {}
    assert {"demand", "balance-pools"} <= plugins
    assert ("stealing" in callbacks) is not version("distributed").startswith("2024.7.")
