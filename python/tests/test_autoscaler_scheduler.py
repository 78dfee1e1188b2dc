"""Client of the scheduler's HTTP interface. The end-to-end test uses a real scheduler."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cdktf_dask.autoscaler.model import Demand, Node
from cdktf_dask.autoscaler.scheduler import Drained, Scheduler, SchedulerError

NODE = {
    "name": "cpu--ip-10-0-1-7",
    "host": "ip-10-0-1-7",
    "workers": ["tls://10.0.1.7:40000"],
    "busy": 3,
    "unique_bytes": 5,
    "held": "actor",
    "draining": False,
    "forced": False,
    "ordered": True,
    "under_way": False,
    "paused": False,
    "used": 0.1,
    "finished": 12,
    "cpu": 3.5,
}
SNAPSHOT = {
    "now": 1.0,
    "started": 1.0,
    "scheduler": "Scheduler-1",
    "demands": [
        {"needs": [["GPU", 1.0]], "prefix": "f", "ready": 3, "on_workers": 1, "seconds": 0.5},
        {"needs": None, "prefix": "g", "ready": 0, "on_workers": 2, "seconds": None},
    ],
    "nodes": {"cpu": [NODE]},
}


class Answers:
    """Stands for the scheduler's HTTP server: answers all requests with one text, and records them."""

    def __init__(self) -> None:
        self.status, self.text = 200, ""
        self.requests: list[tuple[str, object]] = []
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                answers.requests.append((self.path, json.loads(self.rfile.read(length) or "null")))
                self.send_response(answers.status)
                self.end_headers()
                self.wfile.write(answers.text.encode())

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = Scheduler(f"http://127.0.0.1:{self.server.server_port}")


@pytest.fixture
def answers(monkeypatch):
    # A proxy is not asked.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    answers = Answers()
    yield answers
    answers.server.shutdown()
    answers.server.server_close()


def test_a_snapshot(answers):
    answers.text = json.dumps(SNAPSHOT)
    found = answers.client.snapshot()
    first, second = Demand((("GPU", 1.0),), 3, 1, 0.5), Demand(None, 0, 2, None)
    assert found.demands == (first, second)
    assert found.prefixes == {first: "f", second: "g"}
    (seen,) = found.nodes["cpu"]
    assert seen.node == Node("cpu--ip-10-0-1-7", 3, 5, "actor", ordered=True, used=0.1, finished=12, cpu=3.5)
    assert seen.workers == ("tls://10.0.1.7:40000",)


def test_a_drain(answers):
    outcome = {"retired": ["tls://a"], "kept": None, "lost": [], "rerun": ["f-1"], "given_back": 2}
    answers.text = json.dumps(outcome | {"seconds": 1.5})
    assert answers.client.drain(("tls://a",), 30, False) == Drained(("tls://a",), None, 0, 1, 2, 1.5)
    answers.client.undrain(("tls://a",))
    command = {"verb": "drain", "workers": ["tls://a"], "seconds": 30, "force": False, "end": False}
    assert answers.requests == [
        ("/autoscaling/command", command),
        ("/autoscaling/command", {"verb": "undrain", "workers": ["tls://a"]}),
    ]


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (501, "", "does not answer (HTTP Error 501: Not Implemented)"),
        (200, "<html>", "answers something else (JSONDecodeError: "),
        (200, "[]", "answers something else (TypeError: "),
        (200, "[" * 100_000, "answers something else (RecursionError: "),
        (200, json.dumps(SNAPSHOT | {"nodes": {"cpu": [NODE | {"busy": None}]}}), "(TypeError: "),
        (200, json.dumps(SNAPSHOT | {"nodes": {"cpu": [{}]}}), "(KeyError: 'name')"),
    ],
)
def test_another_answer(answers, status, text, error):
    answers.status, answers.text = status, text
    with pytest.raises(SchedulerError) as raised:
        answers.client.snapshot()
    assert error in str(raised.value)


def test_no_answer():
    with pytest.raises(SchedulerError, match="does not answer"):
        Scheduler("http://127.0.0.1:9").snapshot()
