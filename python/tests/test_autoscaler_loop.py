"""The tick of the autoscaler, with doubles of scheduler and provider."""

import logging
import re
from dataclasses import replace

import pytest

from autoscaler_doubles import CPU, Rig
from cdktf_dask.autoscaler.costs import Costs
from cdktf_dask.autoscaler.metrics import Metrics
from cdktf_dask.autoscaler.minimum import write_minimum
from cdktf_dask.autoscaler.model import Capacity, Node

GPU = replace(CPU, name="gpu", offers={"GPU": 1.0}, max_size=2, gpu=True)


@pytest.fixture(autouse=True)
def lines(caplog):
    """Lines of the autoscaler's log, as they come."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("autoscaler")
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, logger="autoscaler")
    yield found
    logger.removeHandler(handler)


def test_from_zero_to_the_maximum_and_back(lines):
    rig = Rig()
    rig.demand(100)
    rig.tick()
    assert rig.provider.calls == [("grow", "cpu", 3)]
    rig.demand(0)
    # The idle time, then two rounds: at most half of the nodes drain at the same time.
    rig.tick(9)
    assert rig.scheduler.drains == []
    for _ in range(4):
        rig.tick()
        rig.settle()
    assert rig.provider.nodes == {"cpu": []}
    ended = "after a drain of 1.5 s: 4 tasks given back, 1 run again, 0 results lost"
    assert lines == [
        "out cpu to 3: 100 tasks want 3",
        "limited cpu at 3: maxSize",
        "in cpu cpu--local-0: at most 0 were wanted for 10 s",
        f"ended cpu--local-0 {ended}",
        "in cpu cpu--local-1: at most 0 were wanted for 10 s",
        f"ended cpu--local-1 {ended}",
        "in cpu cpu--local-2: at most 0 were wanted for 10 s",
        f"ended cpu--local-2 {ended}",
    ]


def test_each_pool_gets_nodes_for_its_tasks():
    rig = Rig(CPU, GPU)
    rig.demand(6, needs=(("GPU", 1.0),))
    rig.tick(3)
    assert rig.provider.calls == [("grow", "gpu", 2)]


def test_an_undone_drain(lines):
    rig = with_a_drain()
    rig.demand(1)
    rig.tick()
    assert rig.scheduler.undrained == ["cpu--local-0"]
    rig.scheduler.proceed.set()
    rig.settle()
    assert rig.provider.calls == [("grow", "cpu", 1)]
    assert lines[2:] == ["back cpu cpu--local-0: 1 are wanted again", "undone cpu--local-0: "]
    # The drain after that is a new one.
    rig.demand(0)
    rig.tick(11)
    rig.settle()
    assert rig.scheduler.drains == ["cpu--local-0"] * 2
    assert rig.provider.nodes == {"cpu": []}


def test_a_kept_node_is_tried_again_after_a_minute(lines):
    rig = with_a_drain(keeps="no other worker has room for its data")
    rig.scheduler.proceed.set()
    rig.settle()
    assert lines[-1] == "kept cpu--local-0: no other worker has room for its data"
    rig.tick(55)
    assert rig.scheduler.drains == ["cpu--local-0"]
    rig.scheduler.keeps.clear()
    rig.tick(10)
    rig.settle()
    assert rig.scheduler.drains == ["cpu--local-0"] * 2
    assert rig.provider.nodes == {"cpu": []}


def test_a_refused_end_gives_the_node_back(lines):
    rig = with_a_drain()
    rig.provider.refuses = True
    rig.scheduler.proceed.set()
    rig.settle()
    assert lines[-1] == "failed cpu--local-0: the provider refuses"
    assert rig.scheduler.undrained == ["cpu--local-0"]
    assert rig.scheduler.nodes["cpu--local-0"] == Node("cpu--local-0")


def test_a_killed_autoscaler(lines):
    rig = with_a_drain()
    rig.restart()
    rig.tick()
    rig.scheduler.proceed.set()
    rig.settle()
    assert "in cpu cpu--local-0: it drains, and nothing follows its drain" in lines
    assert [call for call in rig.provider.calls if call[0] == "end"] == [("end", "cpu", "cpu--local-0")]


def test_a_killed_autoscaler_undoes_the_drain_if_there_is_work():
    rig = with_a_drain()
    rig.restart()
    rig.demand(1)
    rig.tick()
    assert rig.scheduler.undrained == ["cpu--local-0"]
    rig.scheduler.proceed.set()
    rig.tick(5)
    assert rig.provider.calls == [("grow", "cpu", 1)]


def test_a_forced_drain_is_not_touched():
    rig = with_node(Node("cpu--local-0", draining=True, forced=True))
    rig.tick(20)
    assert (rig.scheduler.drains, rig.scheduler.undrained) == ([], [])


def test_a_drain_of_an_operator_goes_on_beside_another_node(lines):
    rig = with_node(Node("cpu--local-9", draining=True, ordered=True, under_way=True))
    rig.demand(1)
    rig.tick(60)
    assert rig.provider.calls == [("grow", "cpu", 2)]
    assert (rig.scheduler.drains, rig.scheduler.undrained) == ([], [])
    # The command has ended after the drain, and does not end the node.
    rig.scheduler.nodes["cpu--local-9"] = Node("cpu--local-9", draining=True, ordered=True)
    rig.tick(30)
    assert rig.scheduler.drains == []
    rig.tick()
    rig.settle()
    assert rig.provider.calls[1:] == [("end", "cpu", "cpu--local-9")]
    assert lines[0] == "out cpu to 2: 1 tasks want 1 beside 1 that leave"


def test_an_actor_keeps_its_node():
    rig = with_node(Node("cpu--local-0", held="actor"))
    rig.tick(30)
    assert rig.scheduler.drains == []


def test_no_scale_in_for_one_idle_time_after_a_restart():
    rig = with_node(Node("cpu--local-0"))
    rig.tick(10)
    assert rig.scheduler.drains == []
    rig.tick(2)
    rig.settle()
    assert rig.scheduler.drains == ["cpu--local-0"]


def test_a_scheduler_that_does_not_answer(lines):
    rig = with_node(Node("cpu--local-0"))
    rig.scheduler.silent = True
    rig.tick(120)
    assert (rig.provider.calls, rig.scheduler.drains) == ([], [])
    assert lines == ["nothing changes for 60 s: the scheduler does not answer"]
    rig.scheduler.silent = False
    rig.tick()
    assert lines[1:] == ["the scheduler answers again after 120 s"]
    assert "dask_autoscaler_scheduler_up 1\n" in rig.metrics.page()


def test_no_scale_in_for_one_idle_time_after_a_restart_of_the_scheduler(lines):
    rig = with_node(Node("cpu--local-0"))
    rig.tick(9)
    rig.scheduler.identity = "Scheduler-2"
    rig.tick(10)
    assert rig.scheduler.drains == []
    assert lines == ["the scheduler has restarted: no node leaves for one idle time"]
    rig.tick(2)
    rig.settle()
    assert rig.scheduler.drains == ["cpu--local-0"]


def test_a_drain_ends_no_node_after_a_restart_of_the_scheduler(lines):
    rig = with_a_drain()
    # The workers come back, and work.
    rig.scheduler.identity = "Scheduler-2"
    rig.scheduler.nodes["cpu--local-0"] = Node("cpu--local-0")
    rig.tick()
    rig.scheduler.proceed.set()
    rig.settle()
    assert lines[-1] == "undone cpu--local-0: "
    assert rig.provider.nodes == {"cpu": ["cpu--local-0"]}
    # And without an answer, as the old scheduler has ended: it is not a node that keeps results.
    rig.scheduler.proceed.clear()
    rig.tick(12)
    rig.scheduler.silent = True
    rig.scheduler.proceed.set()
    rig.settle()
    rig.scheduler.silent, rig.scheduler.identity = False, "Scheduler-3"
    rig.scheduler.nodes["cpu--local-0"] = Node("cpu--local-0")
    rig.tick()
    assert not rig.autoscaler._drains.is_kept("cpu--local-0")


def test_a_drain_of_another_scheduler_that_was_forgotten_is_undone():
    rig = with_a_drain()
    # The scheduler restarted before the drain began, so the workers of the new one drain.
    rig.scheduler.identity = "Scheduler-2"
    rig.tick()
    rig.scheduler.proceed.set()
    rig.settle()
    assert rig.scheduler.undrained == ["cpu--local-0"]
    assert rig.provider.nodes == {"cpu": ["cpu--local-0"]}


def test_the_time_of_results_and_of_a_hung_cluster_starts_again_with_the_scheduler(lines):
    rig = Rig(hung_after=50.0, keep_results=100.0)
    rig.provider.nodes["cpu"].append("cpu--local-0")
    for node in (Node("cpu--local-0", busy=1), Node("cpu--local-0", used=0.2, unique_bytes=9)):
        rig.scheduler.nodes["cpu--local-0"] = node
        rig.demand(node.busy)
        rig.tick(49)
        rig.scheduler.identity += "0"
        rig.tick(49)
    assert [line for line in lines if "scheduler has" not in line] == []


def test_a_node_without_workers_is_replaced_after_ten_minutes(lines, caplog):
    rig = without_workers("cpu--local-7", minimum=1)
    rig.tick(599)
    # A scheduler that does not answer, or has restarted, starts the time again.
    rig.scheduler.silent = True
    rig.tick(31)
    rig.scheduler.silent = False
    rig.tick(599)
    rig.scheduler.identity = "Scheduler-2"
    rig.tick(600)
    assert rig.provider.calls == []
    rig.provider.refuses = True
    rig.tick()
    rig.provider.refuses = False
    rig.tick(601)
    assert rig.provider.nodes == {"cpu": ["cpu--local-0"]}
    why = "none of its workers has been at the scheduler for 10 minutes"
    assert lines[1:] == [
        f"replace cpu cpu--local-7: {why}, but that failed: the provider refuses",
        f"replace cpu cpu--local-7: {why}",
    ]
    conditions = [getattr(record, "condition", None) for record in caplog.records]
    assert conditions[1:] == ["workers", "workers"]
    assert 'dask_autoscaler_actions_total{pool="cpu",kind="replace"} 1\n' in rig.metrics.page()


def test_a_node_without_workers_that_nothing_needs_ends():
    rig = without_workers("cpu--local-7", minimum=0)
    rig.tick(601)
    assert rig.provider.calls == [("end", "cpu", "cpu--local-7")]


def test_a_provider_that_refuses_is_asked_less_and_less():
    rig = Rig()
    rig.demand(3)
    rig.provider.refuses = True
    rig.tick(60)
    # After 2, 4, 8, 16 and 32 s.
    assert rig.provider.calls == [("grow", "cpu", 3)] * 5
    rig.provider.refuses = False
    rig.tick(60)
    assert rig.provider.calls == [("grow", "cpu", 3)] * 6


def test_unsatisfiable_tasks_are_logged_once_and_scale_nothing(lines):
    rig = Rig(CPU, GPU)
    rig.demand(5, needs=(("TPU", 1.0),), prefix="train")
    rig.tick(30)
    line = (
        "unsatisfiable train: 5 tasks need TPU=1 of a worker, and workers offer cpu CPU=1, gpu GPU=1. "
        "Hint: correct the resources of the tasks, or add a pool"
    )
    assert lines == [line]
    assert rig.provider.calls == []
    assert 'dask_autoscaler_unsatisfiable_tasks{needs="TPU=1"} 5\n' in rig.metrics.page()
    rig.demand(0)
    rig.tick()
    rig.demand(5, needs=(("TPU", 1.0),), prefix="train")
    rig.tick()
    assert lines == [line, line]


def test_metrics():
    rig = Rig(CPU, GPU)
    rig.demand(100)
    rig.tick(2)
    found = [line for line in rig.metrics.page().splitlines() if "_nodes{" in line or "nodes{" in line]
    assert found == [
        'dask_autoscaler_wanted_nodes{pool="cpu"} 3',
        'dask_autoscaler_wanted_nodes{pool="gpu"} 0',
        'dask_autoscaler_desired_nodes{pool="cpu"} 3',
        'dask_autoscaler_desired_nodes{pool="gpu"} 0',
        *(f'dask_autoscaler_nodes{{pool="cpu",state="{s}"}} {n}' for s, n in STATES.items()),
        *(f'dask_autoscaler_nodes{{pool="gpu",state="{s}"}} 0' for s in STATES),
    ]
    assert 'dask_autoscaler_limited{pool="cpu",reason="maxSize"} 1\n' in rig.metrics.page()
    assert 'dask_autoscaler_actions_total{pool="cpu",kind="out"} 1\n' in rig.metrics.page()


def test_results_keep_a_node_until_they_are_given_up(lines):
    rig = Rig(keep_results=100.0)
    node = Node("cpu--local-0", used=0.2, unique_bytes=9)
    rig.provider.nodes["cpu"].append(node.name)
    rig.scheduler.nodes[node.name] = node
    rig.tick(99)
    assert rig.scheduler.drains == []
    assert len(lines) == 1
    assert re.fullmatch(
        r"nothing runs, and only results keep nodes: they are given up at \d\d:\d\d\. "
        "Hint: save the results and release them, or raise keepResults",
        lines[0],
    )
    # The idle time begins with their end.
    rig.tick(12)
    rig.settle()
    assert rig.provider.nodes == {"cpu": []}
    assert lines[-1].endswith("0 run again, 3 results lost")


@pytest.mark.parametrize("stop", [False, True])
def test_a_hung_cluster(lines, stop):
    rig = Rig(hung_after=50.0, stop_hung=stop)
    rig.demand(1)
    rig.tick()
    rig.scheduler.nodes["cpu--local-0"] = Node("cpu--local-0", busy=1)
    rig.tick(60)
    rig.settle()
    hung = "hung: no task has finished for 0.0 h, 1 tasks are on cpu--local-0"
    assert [line[: len(hung)] for line in lines if line.startswith("hung")] == [hung]
    assert rig.provider.nodes == {"cpu": [] if stop else ["cpu--local-0"]}
    rig.tick(30)
    assert ("dask_autoscaler_hung 0" in rig.metrics.page()) == stop
    rig.demand(2)
    rig.tick()
    assert len(rig.provider.nodes["cpu"]) == (0 if stop else 2)
    # Once its tasks are gone, new ones start the pool again.
    rig.demand(0)
    rig.tick()
    rig.demand(2)
    rig.tick()
    assert len(rig.provider.nodes["cpu"]) == 2


def test_the_cost_survives_a_restart(tmp_path, monkeypatch):
    now = 1_000_000.0
    monkeypatch.setattr("cdktf_dask.autoscaler.costs.time.time", lambda: now)
    pools = (replace(CPU, usd_per_hour=3.6),)
    nodes = {"cpu": [Node("cpu--local-0"), Node("cpu--local-1", busy=1)]}
    metrics = Metrics()
    for _ in range(2):
        costs = Costs(tmp_path / "cost.json", metrics, 0.36)
        for _ in range(10):
            costs.record(pools, nodes, {"cpu": Capacity(2, 2)})
            now += 10
    # All is saved but the last ten seconds, and the restart takes ten seconds.
    found = set(metrics.page().splitlines())
    assert found >= {
        'dask_autoscaler_hourly_cost_dollars{pool="cpu"} 7.2',
        'dask_autoscaler_node_seconds_total{pool="cpu"} 380.0',
        'dask_autoscaler_idle_node_seconds_total{pool="cpu"} 190.0',
    }
    total = next(line for line in found if line.startswith('dask_autoscaler_cost_dollars_total{pool="cpu"}'))
    assert float(total.split()[-1]) == pytest.approx(0.38)
    (tmp_path / "cost.json").write_text("{}")
    Costs(tmp_path / "cost.json", Metrics(), 0.0)


def test_dask_cluster_scale_sets_the_least_number_of_nodes(tmp_path):
    file = tmp_path / "minimum.json"
    rig = Rig(minimum=file)
    write_minimum(file, "cpu", 2)
    rig.tick(20)
    assert rig.provider.calls == [("grow", "cpu", 2)]
    write_minimum(file, "cpu", 9)
    rig.tick()
    assert rig.provider.calls[1:] == [("grow", "cpu", 3)]
    write_minimum(file, "cpu", 1)
    for _ in range(13):
        rig.tick()
        rig.settle()
    assert len(rig.provider.nodes["cpu"]) == 1
    file.write_text("[")
    rig.tick(12)
    rig.settle()
    assert rig.provider.nodes == {"cpu": []}


STATES = {"booting": 0, "joined": 3, "draining": 0, "ending": 0}


def without_workers(name: str, minimum: int) -> Rig:
    """An autoscaler that finds a node in service which the scheduler does not know."""
    rig = Rig(replace(CPU, min_size=minimum))
    rig.provider.nodes["cpu"].append(name)
    return rig


def with_node(node: Node) -> Rig:
    """An autoscaler that finds a node."""
    rig = Rig()
    rig.provider.nodes["cpu"].append(node.name)
    rig.scheduler.nodes[node.name] = node
    return rig


def with_a_drain(keeps: str | None = None) -> Rig:
    """An autoscaler whose only node drains until `proceed` is set."""
    rig = Rig()
    rig.demand(1)
    rig.tick()
    rig.demand(0)
    if keeps:
        rig.scheduler.keeps["cpu--local-0"] = keeps
    rig.scheduler.proceed.clear()
    rig.tick(11)
    assert "cpu--local-0" in rig.autoscaler._drains
    return rig
