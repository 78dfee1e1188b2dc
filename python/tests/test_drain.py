"""What a drain does in the cases in which Dask's `retire_workers` loses something, or never ends."""

import asyncio
import logging
import time

import pytest
from distributed import wait
from distributed.core import Status

from drained_cluster import DrainedCluster, run

GPU = {"gpu": {"GPU": 1.0}}


class OnlyHere:
    """Stands for an array of a GPU: no worker of another pool can unpickle it."""

    def __reduce__(self):
        return arrive, ()


def arrive():
    """Fail outside a pool of GPUs."""
    from distributed import get_worker

    if not str(get_worker().name).startswith("gpu"):
        raise ImportError("No module named 'cupy'")
    return OnlyHere()


def slow(seconds: float, size: int = 1) -> bytes:
    time.sleep(seconds)
    return bytes(size)


def test_data_that_no_other_worker_can_load_keeps_its_worker_in_service():
    async def test():
        async with DrainedCluster("gpu--a", "cpu--b", resources=GPU) as cluster:
            data = cluster.client.submit(OnlyHere, key="array", resources={"GPU": 1})
            await wait(data)
            outcome = await cluster.drain("gpu--a", seconds=30, stuck=1, end=False)
            kept = f"its data does not arrive on other workers: {__name__}.OnlyHere, "
            assert (outcome["kept"][: len(kept)], outcome["retired"], outcome["lost"]) == (kept, [], [])
            assert 1 <= outcome["seconds"] < 5
            assert cluster.status("gpu--a") == "running"
            assert await cluster.client.submit(lambda: 1, resources={"GPU": 1}) == 1
            assert cluster.policies() == []

    run(test)


def test_data_goes_to_the_pool_of_the_worker_first():
    async def test():
        async with DrainedCluster("gpu--a", "gpu--c", "cpu--b") as cluster:
            data = [cluster.client.submit(slow, 0, i, workers=["gpu--a"], key=f"x{i}") for i in range(20)]
            await wait(data)
            outcome = await cluster.drain("gpu--a")
            assert (outcome["kept"], len(outcome["retired"]), outcome["lost"]) == (None, 1, [])
            assert (len(cluster.workers["gpu--c"].data), len(cluster.workers["cpu--b"].data)) == (20, 0)
            assert cluster.lost() == []

    run(test)


def test_a_planned_drain_ends_where_no_worker_has_room():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            data = await cluster.client.scatter([b"data"], workers=[cluster.address("cpu--a")])
            cluster.workers["cpu--b"].status = Status.paused
            await asyncio.sleep(0.2)
            outcome = await cluster.drain("cpu--a", seconds=20)
            assert (outcome["kept"], outcome["retired"]) == ("no other worker has room for its data", [])
            assert outcome["seconds"] < 2
            assert cluster.status("cpu--a") == "running"
            assert await cluster.client.gather(data) == [b"data"]

    run(test)


def test_a_forced_drain_waits_for_a_worker_with_room():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            data = await cluster.client.scatter([b"data"], workers=[cluster.address("cpu--a")])
            cluster.workers["cpu--b"].status = Status.paused
            await asyncio.sleep(0.2)
            asyncio.get_running_loop().call_later(
                1, setattr, cluster.workers["cpu--b"], "status", Status.running
            )
            outcome = await cluster.drain("cpu--a", seconds=20, force=True)
            assert (outcome["kept"], len(outcome["retired"]), outcome["lost"]) == (None, 1, [])
            assert 1 <= outcome["seconds"] < 6
            assert await cluster.client.gather(data) == [b"data"]

    run(test)


def test_a_forced_drain_of_the_last_worker_names_what_is_lost(caplog):
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            data = await cluster.client.scatter(
                {f"part-{i:02}": b"data" for i in range(12)}, workers=[cluster.address("cpu--a")]
            )
            cluster.workers["cpu--b"].status = Status.paused
            await asyncio.sleep(0.2)
            with caplog.at_level(logging.WARNING, "distributed.drain_workers"):
                outcome = await cluster.drain("cpu--a", seconds=1, force=True)
            assert (outcome["kept"], len(outcome["retired"])) == (None, 1)
            assert sorted(outcome["lost"]) == sorted(data) == sorted(cluster.lost())

    run(test)
    lines = [each for each in caplog.messages if each.startswith("drain of cpu--a")]
    assert len(lines) == 1
    assert lines[0].count("'part-") == 10
    assert lines[0].endswith(", … (12 in all); not finished, to run again: nothing")


def test_the_last_gpu_waits_for_its_replacement():
    async def test():
        async with DrainedCluster("gpu--a", resources=GPU) as cluster:
            tasks = cluster.client.map(slow, [0.1] * 10, resources={"GPU": 1}, pure=False)
            while sum(task.status == "finished" for task in tasks) < 3:
                await asyncio.sleep(0.02)
            drain = asyncio.ensure_future(cluster.drain("gpu--a", seconds=30, force=True))
            await asyncio.sleep(1)
            states = [task.state for task in cluster.scheduler.tasks.values()]
            assert set(states) == {"memory", "no-worker"}
            await cluster.add("gpu--b")
            outcome = await drain
            await wait(tasks)
            assert (len(outcome["retired"]), outcome["lost"], outcome["rerun"]) == (1, [], [])
            assert {task.status for task in tasks} == {"finished"}
            assert outcome["given_back"] == states.count("no-worker")
            assert cluster.lost() == []

    run(test)


def test_three_of_five_at_once_lose_nothing():
    async def test():
        async with DrainedCluster(*(f"cpu--{name}" for name in "abcde"), threads=2) as cluster:
            tasks = cluster.client.map(slow, [0.02 * (1 + i % 5) for i in range(200)], pure=False)
            while sum(task.status == "finished" for task in tasks) < 50:
                await asyncio.sleep(0.02)
            names = [f"cpu--{name}" for name in "abc"]
            outcomes = await asyncio.gather(*(cluster.drain(name, force=True) for name in [*names, "cpu--a"]))
            await wait(tasks)
            assert sum(len(outcome["retired"]) for outcome in outcomes) in (3, 4)
            assert [outcome["lost"] + outcome["rerun"] for outcome in outcomes] == [[]] * 4
            assert len(cluster.scheduler.workers) == 2
            assert cluster.lost() == []
            assert [event["processing-tasks"] for event in cluster.removals()] == [set()] * 3

    run(test)


def test_tasks_that_wait_on_workers_that_leave_are_not_blamed():
    async def test():
        async with DrainedCluster("gpu--0", resources=GPU) as cluster:
            tasks = cluster.client.map(slow, [0.05] * 100, resources={"GPU": 1}, pure=False)
            given_back = 0
            for number in range(4):
                while sum(task.status == "finished" for task in tasks) < 10 * (number + 1):
                    await asyncio.sleep(0.02)
                await cluster.add(f"gpu--{number + 1}")
                outcome = await cluster.drain(f"gpu--{number}", force=True)
                assert (len(outcome["retired"]), outcome["lost"], outcome["rerun"]) == (1, [], [])
                given_back += outcome["given_back"]
            assert given_back >= 20
            await wait(tasks)
            assert {task.status for task in tasks} == {"finished"}
            assert {each.suspicious for each in cluster.scheduler.tasks.values()} == {0}
            assert cluster.lost() == []

    run(test)


def test_a_drain_that_did_not_end_its_worker_can_be_undone():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b", threads=2) as cluster:
            data = cluster.client.submit(lambda: 1, key="x", workers=["cpu--a"])
            await wait(data)
            outcome = await cluster.drain("cpu--a", seconds=10, end=False)
            assert outcome["retired"] == [cluster.address("cpu--a")]
            assert cluster.status("cpu--a") == "closing_gracefully"
            assert await cluster.undrain("cpu--a") == [cluster.address("cpu--a")]
            assert cluster.status("cpu--a") == "running"
            assert await cluster.client.submit(lambda: 2, workers=["cpu--a"], pure=False) == 2

    run(test)


def test_work_that_comes_back_undoes_a_drain_under_way():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            task = cluster.client.submit(slow, 1, workers=["cpu--a"])
            while not cluster.scheduler.workers[cluster.address("cpu--a")].processing:
                await asyncio.sleep(0.02)
            drain = asyncio.ensure_future(cluster.drain("cpu--a", seconds=30, end=False))
            await asyncio.sleep(0.3)
            await cluster.undrain("cpu--a")
            outcome = await drain
            assert (outcome["kept"], outcome["retired"]) == ("it was put back into service", [])
            assert outcome["seconds"] < 1
            assert cluster.status("cpu--a") == "running"
            assert await task == bytes(1)

    run(test)


def test_a_drain_of_an_operator_is_told_from_one_of_the_autoscaler_until_it_is_undone():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            drain, address = cluster.scheduler.plugins["drain"], cluster.address("cpu--a")
            await cluster.drain("cpu--a", seconds=10, end=False, yields=True)
            assert (cluster.status("cpu--a"), drain.ordered) == ("closing_gracefully", set())
            await cluster.drain("cpu--a", seconds=10, end=False)
            assert drain.ordered == {address}
            assert not drain.is_under_way(cluster.scheduler.workers[address])
            await cluster.undrain("cpu--a")
            assert drain.ordered == set()
            task = cluster.client.submit(slow, 1, workers=["cpu--a"])
            while not cluster.scheduler.workers[address].processing:
                await asyncio.sleep(0.02)
            refused = asyncio.ensure_future(cluster.drain("cpu--a", seconds=0.3, end=False))
            await asyncio.sleep(0.1)
            assert drain.ordered == {address}
            assert drain.is_under_way(cluster.scheduler.workers[address])
            assert (await refused)["kept"] == "not done after 0.3 s"
            assert drain.ordered == set()
            await task
            await cluster.drain("cpu--a", seconds=10)
            assert drain.ordered == set()

    run(test)


def test_a_forced_drain_is_not_undone_and_ends_a_planned_one():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            task = cluster.client.submit(slow, 1, workers=["cpu--a"], allow_other_workers=True)
            while not cluster.scheduler.workers[cluster.address("cpu--a")].processing:
                await asyncio.sleep(0.02)
            planned = asyncio.ensure_future(cluster.drain("cpu--a", seconds=30, end=False))
            await asyncio.sleep(0.2)
            forced = asyncio.ensure_future(cluster.drain("cpu--a", seconds=30, force=True))
            assert (await planned)["kept"] == "its node stops, which drains it"
            assert await cluster.undrain("cpu--a") == []
            outcome = await forced
            assert (len(outcome["retired"]), outcome["lost"], outcome["rerun"]) == (1, [], [])
            assert await task == bytes(1)
            assert cluster.scheduler.plugins["drain"].forced == set()
            assert await cluster.drain("cpu--a") == {
                "retired": [],
                "kept": None,
                "lost": [],
                "rerun": [],
                "given_back": 0,
                "seconds": 0.0,
            }

    run(test)


def test_a_worker_with_an_actor_stays_unless_its_node_stops():
    class Counter:
        """An actor."""

        count = 0

    async def test():
        async with DrainedCluster("cpu--a", "cpu--b") as cluster:
            actor = cluster.client.submit(Counter, actor=True, workers=["cpu--a"], key="counter")
            await wait(actor)
            outcome = await cluster.drain("cpu--a")
            assert (outcome["kept"], outcome["seconds"]) == ("it has an actor, which cannot move", 0.0)
            assert cluster.status("cpu--a") == "running"
            outcome = await cluster.drain("cpu--a", seconds=5, force=True)
            assert (len(outcome["retired"]), outcome["lost"]) == (1, ["counter"])

    run(test)


def test_a_task_longer_than_the_drain_runs_again_and_no_finished_one():
    async def test():
        async with DrainedCluster("cpu--a", "cpu--b", threads=2) as cluster:
            done = cluster.client.map(slow, [0.0] * 10, range(10), workers=["cpu--a"], pure=False)
            await wait(done)
            long = cluster.client.map(
                slow, [2.0] * 2, key=["long-0", "long-1"], workers=["cpu--a"], allow_other_workers=True
            )
            while len(cluster.scheduler.workers[cluster.address("cpu--a")].processing) < 2:
                await asyncio.sleep(0.02)
            outcome = await cluster.drain("cpu--a", seconds=0.9, force=True)
            assert (outcome["lost"], sorted(outcome["rerun"])) == ([], ["long-0", "long-1"])
            assert 0.6 <= outcome["seconds"] < 2
            assert await cluster.client.gather(done) == [bytes(i) for i in range(10)]
            assert cluster.lost() == []
            assert {each.suspicious for each in cluster.scheduler.tasks.values()} == {0}
            del long

    run(test)


@pytest.mark.parametrize(
    "key", ["distributed.scheduler.work-stealing", "distributed.scheduler.active-memory-manager.start"]
)
def test_it_needs_neither_work_stealing_nor_the_active_memory_manager(key):
    import dask

    async def test():
        async with DrainedCluster("gpu--a", "cpu--b") as cluster:
            tasks = cluster.client.map(
                slow, [0.2] * 5, workers=["gpu--a"], allow_other_workers=True, pure=False
            )
            while sum(task.status == "finished" for task in tasks) < 1:
                await asyncio.sleep(0.02)
            outcome = await cluster.drain("gpu--a", seconds=20)
            assert (outcome["kept"], len(outcome["retired"]), outcome["lost"], outcome["rerun"]) == (
                None,
                1,
                [],
                [],
            )
            await wait(tasks)
            assert cluster.lost() == []

    with dask.config.set({key: False}):
        run(test)
