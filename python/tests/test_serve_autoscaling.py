"""The HTTP interface for the autoscaler, on the HTTP server of a real scheduler."""

import asyncio
import json
import math
import threading
from socket import AF_INET
from typing import Any

import psutil
import pytest
from distributed import Scheduler, secede
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.scheduler import WorkerState
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from cdktf_dask.preloads import count_demand, serve_autoscaling
from cdktf_dask.preloads.serve_autoscaling import node_of
from small_cluster import small_cluster, small_scheduler, until
from worker_states import state_of

JSON = {"Content-Type": "application/json"}
LIES = ["12", "x" * 1_000_000, b"1", True, [1], {"a": 1}, math.nan, math.inf, -1, 2**70, 10**400]
"""Values that no heartbeat of a worker may have."""

DONE = threading.Event()
"""Ends tasks."""


class Drain(SchedulerPlugin):
    """Stands for the plugin `drain`: records the commands, moves no data."""

    def __init__(self, forced: str = ""):
        self.forced = {forced}
        self.ordered = {"tls://cpu--ip-10-20-0-18:9000"}
        self.commands: list[tuple[str, dict[str, Any]]] = []

    def in_shuffle(self, worker: WorkerState) -> bool:
        return worker.name == "cpu--ip-10-20-0-18"

    def is_under_way(self, worker: WorkerState) -> bool:
        return worker.name == "cpu--ip-10-20-0-17-1"

    async def drain(self, **arguments: Any) -> dict[str, Any]:
        self.commands.append(("drain", arguments))
        return {"retired": arguments["workers"], "lost": ["x-1", ("y", 2), b"z"]}

    async def undrain(self, **arguments: Any) -> list[str]:
        self.commands.append(("undrain", arguments))
        return arguments["workers"]


class Actor:
    """An actor without methods."""


def wait_for_end(_: object) -> None:
    DONE.wait(30)


def secede_until_end() -> None:
    secede()
    DONE.wait(30)


def worker_state(name: object, heartbeat: object = None, **changes: Any) -> WorkerState:
    """A worker that uses one and a half CPUs."""
    return state_of(name, {"cpu": 150.0} if heartbeat is None else heartbeat, **changes)


async def fetch(scheduler: Scheduler, path: str, host: str = "127.0.0.1", **options: Any) -> HTTPResponse:
    url = f"http://{host}:{scheduler.http_server.port}{path}"
    return await AsyncHTTPClient().fetch(url, raise_error=False, **options)


async def post(scheduler: Scheduler, body: str, headers: dict[str, str] = JSON) -> tuple[int, str]:
    """Send a command; return the status and the body of the answer."""
    answer = await fetch(scheduler, "/autoscaling/command", method="POST", headers=headers, body=body)
    return answer.code, answer.body.decode()


async def snapshot(scheduler: Scheduler) -> dict[str, Any]:
    """The snapshot, read as strict JSON."""
    answer = await fetch(scheduler, "/autoscaling")
    assert (answer.code, answer.headers["Content-Type"]) == (200, "application/json")

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(answer.body, parse_constant=no_constant)


async def nodes_of(*workers: WorkerState, drain: Drain | None = None) -> dict[str, Any]:
    """The nodes in the snapshot of a scheduler that knows workers; there are no such processes."""
    async with small_scheduler(count_demand, serve_autoscaling) as scheduler:
        if drain is not None:
            scheduler.plugins["drain"] = drain
        for each in workers:
            scheduler.workers[each.address] = each
        try:
            return (await snapshot(scheduler))["nodes"]
        finally:
            scheduler.workers.clear()


def test_the_snapshot_has_what_tasks_need_and_what_nodes_do():
    async def test() -> None:
        async with small_cluster(count_demand, serve_autoscaling) as cluster:
            worker = await cluster.worker("cpu--ip-10-20-0-17", threads=2, CPU=2)
            DONE.clear()
            await cluster.client.submit(lambda: None, key="quick-1")
            futures = [
                *cluster.client.map(wait_for_end, range(3), key="slow", resources={"CPU": 1}),
                *cluster.client.map(lambda _: None, range(4), key="gpu", resources={"GPU": 1, "A": 2}),
            ]
            await until(
                lambda: cluster.scheduler.plugins["demand"].counts.keys() and len(worker.state.executing) == 2
            )
            found = await snapshot(cluster.scheduler)
            DONE.set()
            assert found["scheduler"] == cluster.scheduler.id
            assert 0 <= found["now"] - found["started"] < 30
            assert sorted(found["demands"], key=lambda each: each["prefix"]) == [
                {
                    "prefix": "gpu",
                    "needs": [["A", 2.0], ["GPU", 1.0]],
                    "ready": 4,
                    "on_workers": 0,
                    "seconds": None,
                },
                {"prefix": "slow", "needs": [["CPU", 1.0]], "ready": 0, "on_workers": 3, "seconds": None},
            ]
            [node] = found["nodes"].pop("cpu")
            assert found["nodes"] == {}
            assert 0 <= node.pop("cpu") < 1000
            assert node == {
                "name": "cpu--ip-10-20-0-17",
                "host": "ip-10-20-0-17",
                "workers": [worker.address],
                "busy": 3,
                "unique_bytes": 0,
                "held": "",
                "draining": False,
                "forced": False,
                "ordered": False,
                "under_way": False,
                "paused": False,
                "used": 0.0,
                "finished": 1,
            }
            await cluster.client.gather(futures[:3])
            found = await snapshot(cluster.scheduler)
            assert found["nodes"]["cpu"][0]["finished"] == 4
            cluster.client.submit(lambda: None, key="slow-9", resources={"TPU": 1})
            again = cluster.client.submit(lambda: None, key="slow-9", resources={"TPU": 1})
            await until(lambda: "slow-9" in cluster.scheduler.tasks)
            by_prefix = {each["prefix"]: each for each in (await snapshot(cluster.scheduler))["demands"]}
            assert by_prefix["slow"]["seconds"] > 0
            del again

    asyncio.run(test())


def test_a_worker_without_reports_has_zeros():
    async def test() -> None:
        nodes = await nodes_of(worker_state("cpu--a", {}, memory_limit=0))
        [node] = nodes["cpu"]
        assert (node["cpu"], node["used"], node["unique_bytes"]) == (0.0, 0.0, 200)

    asyncio.run(test())


@pytest.mark.parametrize(
    "lie", LIES, ids=lambda lie: f"{type(lie).__name__}-{str(lie)[:8] if lie != 10**400 else ''}"
)
def test_values_that_are_no_numbers_in_their_range_are_left_out(lie):
    async def test() -> None:
        honest = worker_state("cpu--a-0")
        lying = [
            worker_state("cpu--a-1", {"cpu": lie}, memory_limit=lie),
            worker_state("cpu--a-2", lie, nthreads=lie),
        ]
        nodes = await nodes_of(honest, *lying)
        [node] = nodes["cpu"]
        assert node["cpu"] == 150 / 4  # of two workers with two threads each; the third has no valid number
        assert node["used"] == 600 / 2_000

    asyncio.run(test())


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("cpu--ip-10-20-0-17", ("cpu", "cpu--ip-10-20-0-17", "ip-10-20-0-17")),
        ("cpu--ip-10-20-0-17-3", ("cpu", "cpu--ip-10-20-0-17", "ip-10-20-0-17")),
        ("high-memory--local-0", ("high-memory", "high-memory--local-0", "local-0")),
        ("high-memory--local-12-15", ("high-memory", "high-memory--local-12", "local-12")),
        ("gpu--3f2a9c", ("gpu", "gpu--3f2a9c", "3f2a9c")),
        ("gpu--3f2a9c-7", ("gpu", "gpu--3f2a9c", "3f2a9c")),
        ("gpu--i-01234567890123456", ("gpu", "gpu--i-01234567890123456", "i-01234567890123456")),
        ("tls://10.20.0.17:9000", ("", "tls://10.20.0.17:9000", "10.20.0.17")),
        (3, ("", "3", "10.20.0.17")),
        (("a", 1), ("", "", "10.20.0.17")),
        ("cpu--a\nb", ("cpu", "cpu--a?b", "a?b")),
        ("cpu--" + "x" * 1_000_000, ("cpu", "cpu--" + "x" * 123, "x" * 123)),
    ],
)
def test_names_of_workers_give_pool_node_and_host(name, node):
    assert node_of(worker_state(name, address="tls://10.20.0.17:9000")) == node


def test_a_node_adds_up_its_workers():
    async def test() -> None:
        drain = Drain(forced="tls://cpu--ip-10-20-0-17-1:9000")
        nodes = await nodes_of(
            worker_state("cpu--ip-10-20-0-17-0", status=Status.paused),
            worker_state("cpu--ip-10-20-0-17-1", status=Status.closing_gracefully),
            worker_state("cpu--ip-10-20-0-18", status=Status.paused),
            worker_state("gpu--ip-10-20-0-19"),
            drain=drain,
        )
        assert {node["name"]: list(node.values())[2:] for pool in nodes.values() for node in pool} == {
            "cpu--ip-10-20-0-17": [
                ["tls://cpu--ip-10-20-0-17-0:9000", "tls://cpu--ip-10-20-0-17-1:9000"],
                *(0, 400, "", True, True, False, True, False, 0.2, 0, 75.0),
            ],
            "cpu--ip-10-20-0-18": [
                ["tls://cpu--ip-10-20-0-18:9000"],
                0,
                200,
                "shuffle",
                False,
                False,
                True,
                False,
                True,
                0.2,
                0,
                75.0,
            ],
            "gpu--ip-10-20-0-19": [
                ["tls://gpu--ip-10-20-0-19:9000"],
                0,
                200,
                "",
                False,
                False,
                False,
                False,
                False,
                0.2,
                0,
                75.0,
            ],
        }

    asyncio.run(test())


def test_an_actor_and_a_long_running_task_hold_their_node():
    async def test() -> None:
        async with small_cluster(count_demand, serve_autoscaling) as cluster:
            DONE.clear()
            await cluster.worker("cpu--a", A=1)
            await cluster.worker("cpu--b", B=1)
            actor = cluster.client.submit(Actor, actor=True, resources={"A": 1})
            task = cluster.client.submit(secede_until_end, resources={"B": 1})
            await actor
            await until(lambda: any(worker.long_running for worker in cluster.scheduler.workers.values()))
            nodes = (await snapshot(cluster.scheduler))["nodes"]["cpu"]
            DONE.set()
            assert {node["name"]: node["held"] for node in nodes} == {
                "cpu--a": "actor",
                "cpu--b": "long-running",
            }
            await task

    asyncio.run(test())


def test_many_kinds_are_summed_up_and_amounts_that_no_worker_has_are_left_out(monkeypatch):
    monkeypatch.setattr(serve_autoscaling, "MAX_KINDS", 2)

    async def test() -> None:
        async with small_cluster(count_demand, serve_autoscaling) as cluster:
            counts = cluster.scheduler.plugins["demand"].counts
            gpu = frozenset({("GPU", 1)})
            counts.update({(gpu, name): [1, 2] for name in "abcd"})
            counts[None, "e"] = [5, 0]
            for amount in ("1", math.nan, -1, 10**400):
                counts[frozenset({("GPU", amount)}), "f"] = [1, 0]
            kinds = (await snapshot(cluster.scheduler))["demands"]
            counts.clear()
            assert [tuple(kind.values()) for kind in kinds] == [
                ([["GPU", 1.0]], "a", 1, 2, None),
                ([["GPU", 1.0]], "b", 1, 2, None),
                ([["GPU", 1.0]], "", 2, 4, None),
                (None, "", 5, 0, None),
            ]

    asyncio.run(test())


def test_commands_are_those_of_the_plugin_drain():
    async def test() -> None:
        async with small_scheduler(count_demand, serve_autoscaling) as scheduler:

            async def command(**given: Any) -> tuple[int, Any]:
                code, body = await post(scheduler, json.dumps(given))
                return code, json.loads(body) if code == 200 else body

            missing = (501, "The scheduler runs without the preload drain_workers.py.\n")
            assert await command(verb="undrain", workers=[]) == missing
            drain = scheduler.plugins["drain"] = Drain()
            arguments = {"workers": ["tls://a"], "seconds": 7.5, "force": True, "end": False}
            assert await command(verb="drain", **arguments) == (
                200,
                {"retired": ["tls://a"], "lost": ["x-1", ["y", 2], "b'z'"]},
            )
            assert await command(verb="undrain", workers=["tls://a"]) == (200, ["tls://a"])
            assert drain.commands == [
                ("drain", arguments | {"yields": True}),
                ("undrain", {"workers": ["tls://a"]}),
            ]

    asyncio.run(test())


INVALID = [
    ("", "got no JSON, expected an object"),
    ("[" * 100_000, "got no JSON, expected an object"),
    ('"drain"', "got no object, expected an object with verb and workers"),
    ('{"verb": "close", "workers": []}', "verb: expected drain or undrain"),
    ('{"workers": []}', "verb: expected drain or undrain"),
    ('{"verb": ["drain"], "workers": []}', "verb: expected drain or undrain"),
    ('{"verb": "drain"}', "workers: expected a list of addresses"),
    ('{"verb": "drain", "workers": [1]}', "workers: expected a list of addresses"),
    ('{"verb": "drain", "workers": [], "seconds": -1}', "seconds: expected a number from 0 to 86400"),
    ('{"verb": "drain", "workers": [], "seconds": NaN}', "seconds: expected a number from 0 to 86400"),
    ('{"verb": "drain", "workers": [], "end": 1}', "end: expected true or false"),
    ('{"verb": "undrain", "workers": [], "end": true}', "end: expected one of workers"),
    ('{"verb": "drain", "workers": [], "stuck": 1}', "stuck: expected one of end, force, seconds, workers"),
]


def test_an_invalid_command_is_rejected_with_one_sentence():
    async def test() -> None:
        async with small_scheduler(count_demand, serve_autoscaling) as scheduler:
            drain = scheduler.plugins["drain"] = Drain()
            for body, reason in INVALID:
                answer = await fetch(
                    scheduler, "/autoscaling/command", method="POST", headers=JSON, body=body
                )
                assert (answer.code, answer.body.decode()) == (400, f"The command is invalid: {reason}.\n"), (
                    body
                )
            body = '{"verb": "drain", "workers": []}'
            for headers in ({}, {"Content-Type": "text/plain"}):
                answer = await fetch(
                    scheduler, "/autoscaling/command", method="POST", headers=headers, body=body
                )
                assert answer.code == 400
                assert answer.body == b"The command must have the Content-Type application/json.\n"
            assert drain.commands == []

    asyncio.run(test())


def test_only_requests_under_the_names_of_the_loopback_interface_get_an_answer():
    async def test() -> None:
        async with small_scheduler(count_demand, serve_autoscaling) as scheduler:
            assert (await fetch(scheduler, "/autoscaling", host="localhost")).code == 200
            rebound = await fetch(scheduler, "/autoscaling", headers={"Host": "attacker.example"})
            assert rebound.code == 404
            preflight = await fetch(scheduler, "/autoscaling/command", method="OPTIONS")
            assert preflight.code == 405
            assert (await fetch(scheduler, "/health")).code == 200

    asyncio.run(test())


def test_requests_of_other_nodes_are_answered_with_404(monkeypatch):
    monkeypatch.setattr(serve_autoscaling, "HOSTS", ".*$")

    async def test() -> None:
        async with Scheduler(host="127.0.0.1", port=0, dashboard_address="0.0.0.0:0") as scheduler:
            for preload in (count_demand, serve_autoscaling):
                preload.dask_setup(scheduler)
            assert (await fetch(scheduler, "/autoscaling")).code == 200
            found = [
                each.address
                for own in psutil.net_if_addrs().values()
                for each in own
                if each.family == AF_INET
            ]
            own = next((address for address in found if not address.startswith("127.")), None)
            if own is None:
                pytest.skip("this host has no other address than 127.0.0.1")
            assert (await fetch(scheduler, "/autoscaling", host=own)).code == 404
            options = {"method": "POST", "headers": JSON, "body": "{}"}
            assert (await fetch(scheduler, "/autoscaling/command", host=own, **options)).code == 404

    asyncio.run(test())


def test_without_counters_the_snapshot_says_which_preload_is_missing():
    async def test() -> None:
        async with small_scheduler(serve_autoscaling) as scheduler:
            answer = await fetch(scheduler, "/autoscaling")
            assert (answer.code, answer.body) == (
                501,
                b"The scheduler runs without the preload count_demand.py.\n",
            )

    asyncio.run(test())
