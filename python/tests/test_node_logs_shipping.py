"""The shipper with a double of journalctl, against moto or a double of CloudWatch Logs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import boto3
import pytest

from aws_double import CREDENTIALS, REGION
from cdktf_dask.node.aws import Aws
from cdktf_dask.node.logs import journal as journal_module
from cdktf_dask.node.logs import shipper as shipper_module
from cdktf_dask.node.logs.events import MAX_BATCH_BYTES
from cdktf_dask.node.logs.journal import Journal
from cdktf_dask.node.logs.pending import Pending
from cdktf_dask.node.logs.position import Position
from cdktf_dask.node.logs.shipper import Shipper
from cdktf_dask.node.logs.stream import Stream
from doubles import Metadata, Service, served

JOURNALCTL = Path(__file__).with_name("journalctl.py")
GROUP, STREAM = "/dask/production/nodes", "cpu/i-0123456789"
WAIT_SECONDS = 20
LINES_PER_SECOND = 1000
CREATE, PUT = "Logs_20140328.CreateLogStream", "Logs_20140328.PutLogEvents"
OK = (200, {})


class Lines:
    """The journal that the double of journalctl reads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        self.count = 0
        self._now = int(time.time() * 1_000_000)

    def add(self, *messages: object) -> None:
        with self.file.open("a") as file:
            for message in messages:
                self.count += 1
                fields = {
                    "__CURSOR": f"s={'0' * 32};i={self.count:x}",
                    "__REALTIME_TIMESTAMP": str(self._now + 1000 * self.count),
                    **{"_SYSTEMD_UNIT": "dask-worker.service", "_PID": "17", "PRIORITY": "6"},
                }
                file.write(json.dumps(fields | {"MESSAGE": message}) + "\n")


@pytest.fixture
def lines(monkeypatch, tmp_path) -> Lines:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "journalctl"
    program.write_text(f"#!{sys.executable} -SEI\n{JOURNALCTL.read_text()}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("JOURNAL", str(tmp_path / "journal.json"))
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(shipper_module, "BATCH_SECONDS", 0.1)
    monkeypatch.setattr(shipper_module, "READ_SECONDS", 0.05)
    return Lines(tmp_path / "journal.json")


@pytest.fixture
def logs(monkeypatch, moto_url) -> Iterator[object]:
    """Client of CloudWatch Logs of moto, with the group of the cluster."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    client = boto3.client("logs", region_name=REGION)
    client.create_log_group(logGroupName=GROUP)
    yield client
    client.delete_log_group(logGroupName=GROUP)


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    """CloudWatch Logs with prepared answers."""
    double = Service()
    with served(double) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield double


class Running:
    """A shipper in a thread."""

    def __init__(self, folder: Path, pending: Pending | None = None) -> None:
        aws = Aws(retry_seconds=0, region=REGION, attempts=1)
        self._stop = Event()
        self._shipper = Shipper(
            Journal([]), Stream(aws, GROUP, STREAM), Position(folder / "cursor"), "cpu", pending
        )
        self.result: list[str | None] = []
        self._thread = Thread(
            target=lambda: self.result.append(self._shipper.run(self._stop.is_set)), daemon=True
        )
        self._thread.start()

    def join(self) -> str | None:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()
        return self.result[0]

    def stop(self) -> str | None:
        self._stop.set()
        return self.join()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stored(logs) -> list[dict]:
    """All events of the stream, in its order."""
    found: list[dict] = []
    names = {"logGroupName": GROUP, "logStreamName": STREAM, "startFromHead": True}
    if not logs.describe_log_streams(logGroupName=GROUP)["logStreams"]:
        return []
    answer = logs.get_log_events(**names)
    while answer["events"]:
        found += answer["events"]
        answer = logs.get_log_events(**names, nextToken=answer["nextForwardToken"])
    return found


def messages(logs) -> list[str]:
    return [json.loads(event["message"])["message"] for event in stored(logs)]


def refused(code: str) -> tuple[int, dict]:
    return 400, {"__type": code, "message": "no"}


def put_messages(service: Service) -> list[list[str]]:
    """Messages of each call of PutLogEvents."""
    return [
        [json.loads(event["message"])["message"] for event in parameters["logEvents"]]
        for operation, parameters in service.requests
        if operation == PUT
    ]


def test_lines_arrive_in_order_with_unit_priority_pool_and_pid(lines, logs, tmp_path):
    lines.add("one", [0xFF, 0x62])
    running = Running(tmp_path)
    eventually(lambda: len(stored(logs)) == 2)
    lines.add("three")
    eventually(lambda: len(stored(logs)) == 3)
    assert running.stop() is None
    assert messages(logs) == ["one", "\ufffdb", "three"]
    first = stored(logs)[0]
    assert json.loads(first["message"]) == {
        **{"unit": "dask-worker.service", "priority": 6, "pool": "cpu", "pid": 17},
        "message": "one",
    }
    assert abs(first["timestamp"] - time.time() * 1000) < 60_000


def test_a_restart_loses_and_repeats_nothing(lines, logs, tmp_path):
    lines.add(*(str(number) for number in range(50)))
    running = Running(tmp_path)
    eventually(lambda: len(stored(logs)) == 50)
    assert running.stop() is None
    lines.add(*(str(number) for number in range(50, 80)))
    running = Running(tmp_path)
    eventually(lambda: len(stored(logs)) == 80)
    assert running.stop() is None
    assert messages(logs) == [str(number) for number in range(80)]


def test_a_stop_sends_what_the_journal_has_by_then(lines, logs, tmp_path, monkeypatch):
    monkeypatch.setattr(shipper_module, "BATCH_SECONDS", 3600)
    running = Running(tmp_path)
    lines.add("the last words")
    assert running.stop() is None
    assert messages(logs) == ["the last words"]


def test_10000_lines_take_less_than_10_seconds(lines, logs, tmp_path):
    lines.add(*("x" * 160 for _ in range(10_000)))
    start = time.monotonic()
    running = Running(tmp_path)
    assert running.stop() is None
    seconds = time.monotonic() - start
    assert len(stored(logs)) == 10_000
    assert 10_000 / seconds > LINES_PER_SECOND


def test_throttled_calls_are_repeated_and_lose_nothing(lines, service, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shipper_module, "FIRST_PAUSE_SECONDS", 0.05)
    service.answers = [OK, *[refused("ThrottlingException")] * 3, *[OK] * 50]
    lines.add("one")
    running = Running(tmp_path)
    eventually(lambda: len(service.requests) == 5)
    lines.add("two")
    assert running.stop() is None
    assert put_messages(service) == [["one"]] * 4 + [["two"]]
    failed, again = capsys.readouterr().out.splitlines()
    assert failed.startswith("cannot send 1 events of ")
    assert failed.endswith("bytes: ThrottlingException: no; trying again, at least every minute")
    assert again.startswith("sending again after ")


def test_pauses_grow_to_a_minute(lines, service, tmp_path, monkeypatch):
    service.answers = [refused("ThrottlingException")] * 10
    monkeypatch.setattr(shipper_module.random, "uniform", lambda _, most: most)
    lines.add("one")
    stream = Stream(Aws(retry_seconds=0, region=REGION, attempts=1), GROUP, STREAM)
    shipper = Shipper(Journal([]), stream, Position(tmp_path / "cursor"), "cpu")
    reader = Journal([]).rest(None)
    while not reader.ended:
        shipper._take(reader, 1)
    pauses = []
    for _ in range(8):
        shipper._send()
        pauses.append(round(shipper._next_attempt - time.monotonic()))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_while_aws_refuses_the_oldest_events_are_dropped_and_counted(lines, service, tmp_path, monkeypatch):
    monkeypatch.setattr(shipper_module, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(shipper_module, "MAX_PAUSE_SECONDS", 0.05)
    service.answers = [refused("ThrottlingException")] * 1000
    lines.add(*(f"{number:03}{'x' * 99_000}" for number in range(40)))
    pending = Pending(max_bytes=2 * MAX_BATCH_BYTES)
    running = Running(tmp_path, pending)
    eventually(lambda: pending.dropped == 20)
    service.answers[:] = [OK] * 10
    eventually(lambda: pending.count == 0)
    assert running.stop() is None
    sent = [message[:3] for batch in put_messages(service)[-3:] for message in batch]
    assert sent == ["20 ", *(f"{number:03}" for number in range(20, 40))]
    notice = json.loads(service.requests[-3][1]["logEvents"][0]["message"])
    assert notice == {
        **{"unit": "dask-logs.service", "priority": 4, "pool": "cpu", "dropped": 20},
        "message": f"20 older events are dropped, because more than {2 * MAX_BATCH_BYTES} bytes waited",
    }


def test_a_batch_that_aws_never_accepts_does_not_stop_the_others(lines, service, tmp_path, capsys):
    service.answers = [OK, refused("InvalidParameterException"), OK]
    lines.add("bad")
    running = Running(tmp_path)
    eventually(lambda: len(service.requests) == 2)
    lines.add("good")
    assert running.stop() is None
    assert put_messages(service) == [["bad"], ["good"]]
    assert capsys.readouterr().out == (
        "1 events are not stored: refused by AWS as InvalidParameterException: no\n"
    )


def test_events_that_aws_does_not_store_are_reported(lines, service, tmp_path, capsys):
    info = {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    service.answers = [OK, (200, {"rejectedLogEventsInfo": info})]
    lines.add("old", "right", "new")
    assert Running(tmp_path).stop() is None
    assert capsys.readouterr().out.splitlines() == [
        "1 events are not stored: too old",
        "1 events are not stored: in the future",
    ]


def test_a_stream_that_was_deleted_is_created_again(lines, service, tmp_path, monkeypatch):
    monkeypatch.setattr(shipper_module, "FIRST_PAUSE_SECONDS", 0.05)
    service.answers = [OK, refused("ResourceNotFoundException"), OK, OK]
    lines.add("one")
    running = Running(tmp_path)
    eventually(lambda: len(service.requests) == 4)
    assert running.stop() is None
    assert [operation for operation, _ in service.requests] == [CREATE, PUT, CREATE, PUT]
    assert service.requests[0][1] == {"logGroupName": GROUP, "logStreamName": STREAM}


def test_a_stream_that_exists_is_used(lines, service, tmp_path):
    service.answers = [refused("ResourceAlreadyExistsException"), OK]
    lines.add("one")
    assert Running(tmp_path).stop() is None
    assert put_messages(service) == [["one"]]


def test_a_stop_without_an_answer_ends_at_the_deadline_and_keeps_the_position(
    lines, service, tmp_path, monkeypatch
):
    monkeypatch.setattr(shipper_module, "FLUSH_SECONDS", 1)
    monkeypatch.setattr(shipper_module, "FLUSH_PAUSE_SECONDS", 0.1)
    service.answers = [refused("ThrottlingException")] * 100
    lines.add("one")
    ended = Running(tmp_path).stop()
    assert ended is not None
    assert ended.startswith("stopped with 1 events of ")
    assert Position(tmp_path / "cursor").read() is None


def test_a_journalctl_that_fails_is_the_reason_of_the_end(lines, service, tmp_path):
    lines.file.with_suffix(".error").write_text("No journal\nfiles.")
    assert Running(tmp_path).join() == "journalctl ended with exit code 1: No journal files."


def test_an_entry_that_is_too_long_is_skipped(lines, service, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(journal_module, "MAX_LINE_BYTES", 100_000)
    monkeypatch.setattr(journal_module, "READ_BYTES", 10_000)
    service.answers = [OK] * 5
    lines.add("before", "x" * 1_000_000, "after")
    assert Running(tmp_path).stop() is None
    assert [message for batch in put_messages(service) for message in batch] == ["before", "after"]
    assert capsys.readouterr().out == "skipped 1 entries of the journal that are too long\n"


def test_the_service_sends_the_rest_on_sigterm(lines, logs, tmp_path, monkeypatch):
    settings = tmp_path / "node.env"
    settings.write_text(f"LOG_GROUP='{GROUP}'\nLOG_POOL='cpu'\n")
    instance = Metadata({"placement/region": REGION, "instance-id": "i-0123456789"})
    with served(instance) as url:
        environment = os.environ | {
            **{"DASK_NODE_ENV": str(settings), "STATE_DIRECTORY": str(tmp_path)},
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
            "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        }
        lines.add("one")
        command = [sys.executable, "-BP", "-m", "cdktf_dask.node.logs"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            eventually(lambda: len(stored(logs)) == 1)
            lines.add("two")
            process.send_signal(signal.SIGTERM)
            printed, _ = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, printed) == (0, "")
    assert messages(logs) == ["one", "two"]
