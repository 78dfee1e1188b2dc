"""What `dask-cluster status` makes of the facts, without a cluster."""

from datetime import UTC, datetime, timedelta

import pytest

from cdktf_dask.cli.status import lines_of
from cdktf_dask.operations.facts import ClusterStatus, Node, Pool, printable
from cdktf_dask.operations.rows import age
from cdktf_dask.operations.workers import add_to

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
GIB = 2**30


def node(**fields) -> Node:
    return Node(**({"id": "i-1", "pool": "cpu", "state": "ready", "instance_type": "m7i.large"} | fields))


def cluster(nodes: list[Node], *pools: Pool, notes: tuple[str, ...] = ()) -> ClusterStatus:
    return ClusterStatus("production", "eu-central-1", list(pools), nodes, list(notes), at=NOW)


SCHEDULER = node(id="i-0", pool="scheduler", started=NOW - timedelta(days=3, hours=2), usd_per_hour=0.121)


def test_a_table_of_nodes():
    worker = node(
        started=NOW - timedelta(minutes=59, seconds=59),
        spot=True,
        workers=2,
        memory=GIB,
        memory_limit=8 * GIB,
        tasks={"executing": 2, "memory": 14},
        usd_per_hour=0.041,
    )
    booting = node(id="i-2", state="booting", started=NOW - timedelta(seconds=20), workers=0)
    status = cluster([SCHEDULER, worker, booting], Pool("cpu", 0, 4, 2), notes=("no prices: because",))
    assert lines_of(status) == [
        "POOL       NODE  STATE    AGE     TYPE       SPOT  WORKERS  MEMORY GiB  TASKS"
        "                   USD/h",
        "scheduler  i-0   \x1b[32mready  \x1b[0m  3 d     m7i.large  no    –        –           –"
        "                       0.121",
        "cpu        i-1   \x1b[32mready  \x1b[0m  59 min  m7i.large  yes   2        1.0 of 8.0  "
        "2 executing, 14 memory  0.041",
        "cpu        i-2   \x1b[33mbooting\x1b[0m  20 s    m7i.large  no    0        0.0 of 0.0  0"
        "                       –",
        "",
        "pool cpu: 2 nodes wanted, 0 to 4 possible",
        "problem: pool cpu: 1 of 2 nodes are ready",
        "note: no prices: because",
        "production is not healthy",
    ]


def test_columns_that_no_node_has_are_left_out():
    scheduler = Node("dask-scheduler", "scheduler", "ready", started=NOW - timedelta(seconds=9))
    worker = Node("cpu--local-0", "cpu", "stopped")
    assert lines_of(cluster([scheduler, worker], Pool("cpu", 0, 1, 0))) == [
        "POOL       NODE            STATE    AGE",
        "scheduler  dask-scheduler  \x1b[32mready  \x1b[0m  9 s",
        "cpu        cpu--local-0    stopped  –",
        "",
        "pool cpu: 0 nodes wanted, 0 to 1 possible",
        "production is healthy",
    ]


def test_the_price_of_all_instances():
    status = cluster([SCHEDULER, node(usd_per_hour=0.041, workers=1)], Pool("cpu", 0, 4, 1))
    assert lines_of(status)[-2:] == [
        "all instances: 0.162 USD an hour, without disks, network and other services",
        "production is healthy",
    ]


def test_a_cluster_whose_scheduler_does_not_answer_is_not_healthy():
    status = cluster([SCHEDULER])
    status.unreachable = True
    assert lines_of(status)[-1] == "the workers of production are unknown"
    found = status.document()
    assert (found["healthy"], found["unreachable"], found["problems"]) == (False, True, [])


def test_a_cluster_with_problems_whose_scheduler_does_not_answer():
    status = cluster([SCHEDULER], Pool("cpu", 0, 4, 1))
    status.unreachable = True
    assert lines_of(status)[-1] == "production is not healthy"


def test_stopped_and_terminated_instances_cost_nothing():
    gone = node(id="i-2", state="terminated", reason="step dask failed")
    assert cluster([SCHEDULER, gone]).usd_per_hour() == 0.121


def test_no_sum_without_the_price_of_one_instance():
    assert cluster([SCHEDULER, node()]).usd_per_hour() is None


@pytest.mark.parametrize(
    ("nodes", "problems"),
    [
        ([SCHEDULER], ["pool cpu: 0 of 1 nodes are ready; the last launch failed: no capacity"]),
        ([SCHEDULER, node(workers=1)], []),
        ([SCHEDULER, node(workers=None)], []),
        ([SCHEDULER, node(workers=0)], ["cpu i-1 is ready, but has no registered worker"]),
        ([node(workers=1)], ["no scheduler is ready"]),
        (
            [SCHEDULER, node(state="failed", reason="step dask failed")],
            [
                "cpu i-1 failed: step dask failed",
                "pool cpu: 0 of 1 nodes are ready; the last launch failed: no capacity",
            ],
        ),
    ],
)
def test_problems(nodes, problems):
    assert cluster(nodes, Pool("cpu", 0, 4, 1, "no capacity")).problems() == problems


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (59, "59 s"), (3599, "59 min"), (86399, "23 h"), (86400, "1 d")]
)
def test_ages(seconds, text):
    assert age(timedelta(seconds=seconds)) == text


def worker(name: str, **metrics) -> dict:
    return {"name": name, "memory_limit": GIB, "metrics": metrics}


def test_workers_of_a_node_are_those_with_its_name():
    own = node(host="ip-10-0-0-1")
    names = ["cpu--ip-10-0-0-1-0", "cpu--ip-10-0-0-1-1", "cpu--ip-10-0-0-11", "gpu--ip-10-0-0-1"]
    add_to(own, [worker(name, memory=100, task_counts={"memory": 1, "executing": 0}) for name in names])
    assert (own.workers, own.memory, own.memory_limit) == (2, 200, 2 * GIB)
    assert own.tasks == {"memory": 2}


@pytest.mark.parametrize(
    "lie", [float("nan"), float("inf"), -1, pytest.param(10**5000, id="huge"), "x" * 10**6, None, True, []]
)
def test_a_worker_that_lies_in_its_heartbeat_counts_as_zero(lie):
    own = node(host="ip-10-0-0-1")
    add_to(own, [worker("cpu--ip-10-0-0-1", memory=lie, task_counts={"memory": lie})])
    assert (own.workers, own.memory, own.tasks) == (1, 0, {})


@pytest.mark.parametrize("metrics", ["many", 3, [1], True])
def test_a_heartbeat_whose_metrics_are_no_mapping(metrics):
    own = node(host="ip-10-0-0-1")
    add_to(own, [{"name": "cpu--ip-10-0-0-1", "memory_limit": GIB, "metrics": metrics}])
    assert (own.workers, own.memory, own.memory_limit, own.tasks) == (1, 0, GIB, {})


def test_only_states_of_tasks_that_dask_has():
    own = node(host="ip-10-0-0-1")
    counts = {"\x1b]0;title\x07": 1, "x" * 10**6: 1, 7: 1, "memory": 2, "long-running": 1, "waiting": 0}
    add_to(own, [worker("cpu--ip-10-0-0-1", task_counts=counts)])
    assert own.tasks == {"long-running": 1, "memory": 2}


def test_texts_of_nodes_are_printable_and_short():
    assert printable("step dask failed: \x1b[31mé\n") == "step dask failed: ?[31mé?"
    assert printable("x" * 10**6) == "x" * 256


@pytest.mark.parametrize("counts", [None, "many", 3])
def test_a_heartbeat_without_tasks(counts):
    own = node(host="ip-10-0-0-1")
    add_to(own, [worker("cpu--ip-10-0-0-1", task_counts=counts), {"name": "cpu--ip-10-0-0-1-1"}])
    assert (own.workers, own.tasks) == (2, {})
