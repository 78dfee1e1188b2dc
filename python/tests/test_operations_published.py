"""Facts of workers by the scheduler's page of metrics: those of Dask's connection, and hostile pages."""

from dataclasses import asdict

import pytest
from distributed import Client, Security

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.client.route import Route
from cdktf_dask.client.tunnel import free_port
from cdktf_dask.operations import published
from cdktf_dask.operations.facts import Node
from cdktf_dask.operations.published import add_published
from cdktf_dask.operations.workers import add_workers
from cluster import SOURCES, Cluster
from doubles import served
from test_metrics import eventually, of_worker

EXPORT = str(SOURCES / "cdktf_dask" / "preloads" / "export_heartbeats.py")
INFO = 'dask_cluster_info{dask_version="2026.7.1",name="production"} 1.0'
WORKER = 'worker="tls://10.20.0.17:9000",pool="cpu"'
PAGE = f"""\
# HELP dask_cluster_info 1, with the name of the cluster
# TYPE dask_cluster_info gauge
{INFO}
dask_cluster_worker_info{{{WORKER},name="cpu--host-0",host="10.20.0.17"}} 1.0
dask_cluster_worker_info{{worker="tls://10.20.0.17:9001",pool="cpu",name="cpu--host-1",host="a\\"b\\\\"}} 1.0
dask_cluster_worker_info{{worker="tls://10.20.0.18:9000",pool="cpu",name="cpu--other",host="10.20.0.18"}} 1.0
dask_cluster_worker_memory_bytes{{{WORKER},type="managed"}} 1.5e+09
dask_cluster_worker_memory_bytes{{{WORKER},type="unmanaged"}} 7.0
dask_cluster_worker_memory_bytes{{{WORKER},type="spilled"}} 9e+09
dask_cluster_worker_memory_limit_bytes{{{WORKER}}} 2e+09
dask_cluster_worker_tasks{{{WORKER},state="executing"}} 2.0
dask_cluster_worker_tasks{{{WORKER},state="waiting"}} 0.0
dask_cluster_worker_tasks{{worker="tls://10.20.0.17:9001",pool="cpu",state="executing"}} 3.0
dask_cluster_worker_tasks{{worker="tls://10.20.0.18:9000",pool="cpu",state="executing"}} 50.0
another_metric{{a="b"}} nonsense
"""


class Page:
    """Stands for the HTTP server of the scheduler."""

    def __init__(self, text: str, status: int = 200) -> None:
        self.text, self.status = text, status

    def answer(self, method: str, path: str, *_: object) -> tuple[int, str]:
        assert (method, path) == ("GET", "/metrics")
        return self.status, self.text


def node(host: str = "host") -> Node:
    return Node("i-1", "cpu", "ready", host=host)


def read(text: str, *nodes: Node, status: int = 200) -> None:
    with served(Page(text, status)) as url:
        add_published(list(nodes), f"{url}/metrics")


def test_workers_memory_and_tasks_of_each_node():
    found, other, empty = node(), node("other"), node("empty")
    read(PAGE, found, other, empty)
    assert (found.workers, found.memory, found.memory_limit) == (2, 1_500_000_007, 2_000_000_000)
    assert found.tasks == {"executing": 5}
    assert (other.workers, other.tasks) == (1, {"executing": 50})
    assert (empty.workers, empty.memory, empty.memory_limit, empty.tasks) == (0, 0, 0, {})


def test_the_facts_are_those_of_dask_s_own_connection():
    port = free_port()
    with Cluster("--dashboard-address", f"127.0.0.1:{port}", "--preload", EXPORT) as cluster:
        cluster.port = port
        cluster.worker("cpu--host", "CPU=1")
        with Client(cluster.address, set_as_default=False) as client:
            kept = client.map(lambda number: bytes(number), range(7))
            client.gather(kept)
            eventually(cluster, lambda page: of_worker(page, "cpu").get("tasks memory") == 7)
            by_page, by_connection = node(), node()
            add_published([by_page], f"http://127.0.0.1:{port}/metrics")
            add_workers([by_connection], Route(cluster.address, Security(), "direct"))
    facts = [asdict(one) for one in (by_page, by_connection)]
    # A heartbeat may have come in between.
    memory = [one.pop("memory") for one in facts]
    assert min(memory) > 2**20
    assert facts[0] == facts[1]
    assert (by_page.workers, by_page.memory_limit, by_page.tasks) == (1, 512 * 2**20, {"memory": 7})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the scheduler publishes no metrics of its workers"),
        (f"{INFO}\ndask_cluster_worker_tasks{{a", "the metrics at URL cannot be read"),
        (f"{INFO}\ndask_cluster_worker_tasks{{}} many", "the metrics at URL cannot be read"),
        *(
            (
                f'{INFO}\ndask_cluster_worker_tasks{{state="memory"}} {lie}',
                f"dask_cluster_worker_tasks at URL: got {shown}, expected a number from 0 to 9.0072e+15",
            )
            for lie, shown in (("NaN", "nan"), ("+Inf", "inf"), ("-1", "-1"), ("1e300", "1e+300"))
        ),
    ],
)
def test_a_page_that_is_not_that_of_the_exporter_leaves_the_workers_unknown(text, reason):
    found = node()
    with served(Page(text)) as url, pytest.raises(ConnectError) as error:
        add_published([found], f"{url}/metrics")
    assert error.value.reason == reason.replace("URL", f"{url}/metrics")
    assert found.workers is None


def test_a_page_without_end_is_not_read(monkeypatch):
    monkeypatch.setattr(published, "MAX_BYTES", 2**20)
    with pytest.raises(ConnectError, match="the scheduler publishes more than 1 MiB of metrics"):
        read("x" * 2**20 + "x", node())


def test_a_scheduler_that_fails_or_does_not_run():
    with pytest.raises(ConnectError, match=r"does not answer at .*/metrics \(HTTP Error 500: "):
        read(PAGE, node(), status=500)
    with pytest.raises(ConnectError, match=r"does not answer at .*Connection refused"):
        add_published([node()], f"http://127.0.0.1:{free_port()}/metrics")


def test_states_of_tasks_are_printable_and_short():
    found = node()
    read(PAGE.replace('"executing"', f'"\x1b[31m{"x" * 300}"'), found)
    assert list(found.tasks) == ["?[31m" + "x" * 251]
