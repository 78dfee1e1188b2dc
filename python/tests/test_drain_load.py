"""Workers that leave in the middle of their work, in a cluster of processes with TLS."""

import time

import pytest

from drain_load import PRELOADS, drains, start_worker
from steady_load import SteadyLoad
from tls_cluster import TlsCluster

dataframe = pytest.importorskip("dask.dataframe")


def test_a_drain_under_load_computes_nothing_twice_and_loses_nothing():
    with TlsCluster(*PRELOADS) as cluster, cluster.client() as client:
        rounds = list(drains(cluster, client, rounds=2, tasks=45))
    assert [(each.recomputed, each.lost_data, each.started_twice, each.failed) for each in rounds] == [
        (0, 0, 0, 0)
    ] * 2
    assert all(each.unique >= 5 and each.processing >= 2 for each in rounds)


def test_a_steady_load_counts_what_a_killed_worker_takes_along():
    """It goes on over a drain, which costs nothing, and sees what a worker costs that does not drain."""
    with TlsCluster(*PRELOADS[:-2]) as cluster, cluster.client() as client:
        processes = {name: start_worker(cluster, name) for name in ("cpu--a", "cpu--b", "cpu--c")}
        record = cluster.directory / "starts"
        load = SteadyLoad(client, record, record)
        load.begin()
        load.busy("cpu--a")
        assert load.drain("cpu--a") is None
        processes["cpu--a"].terminate()
        load.gone("cpu--a")
        counts = load.counts()
        assert len(counts.pop("tasks")) > 60
        assert counts == {"recomputed": [], "lost data": [], "started twice": [], "failed": []}
        load.begin()
        load.busy("cpu--b")
        processes["cpu--b"].kill()
        load.gone("cpu--b")
        counts = load.counts()
        assert counts["recomputed"]
        assert len(counts["started twice"]) >= len(counts["recomputed"])


def test_a_p2p_shuffle_ends_before_its_workers_leave():
    import dask
    import pandas

    def part(number: int) -> pandas.DataFrame:
        time.sleep(0.1)
        return pandas.DataFrame({"key": [(number * 31 + i) % 100 for i in range(1000)], "value": 1.0})

    def progress(dask_scheduler) -> tuple[int, int]:
        """Active shuffles, and their inputs that are there."""
        prefixes = dask_scheduler.task_prefixes.items()
        transferred = sum(prefix.states["memory"] for name, prefix in prefixes if "transfer" in name)
        return len(dask_scheduler.plugins["shuffle"].active_shuffles), transferred

    p2p = dask.config.set({"dataframe.shuffle.method": "p2p"})
    with TlsCluster(*PRELOADS) as cluster, cluster.client() as client, p2p:
        for number in range(3):
            start_worker(cluster, f"cpu--host{number}")
        parts = dataframe.from_map(part, range(30), meta=part(0))
        shuffled = parts.shuffle("key").map_partitions(len).persist()
        while client.run_on_scheduler(progress)[1] < 10:
            time.sleep(0.02)
        assert client.run_on_scheduler(progress)[0] == 1
        workers = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.workers))
        outcome = client.sync(client.scheduler.drain, workers=workers[:1], seconds=60, force=True)
        assert list(outcome["retired"]) == workers[:1]
        assert sum(shuffled.compute()) == 30_000
        counts = client.sync(client.scheduler.oracle)
        assert counts == {"recomputed": (), "lost results": (), "lost data": (), "blamed": ()}
