"""What is read of the journal, and how it is sent within the limits of PutLogEvents."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cdktf_dask.node.logs.events import (
    EVENT_OVERHEAD_BYTES,
    MAX_BATCH_BYTES,
    MAX_EVENT_BYTES,
    Batch,
    Event,
    event,
)
from cdktf_dask.node.logs.journal import Entry, matches, parse, units
from cdktf_dask.node.logs.newest import newest
from cdktf_dask.node.logs.pending import Pending
from cdktf_dask.node.logs.position import Position

CURSOR = f"s={'ab' * 16};i=1f;b={'cd' * 16};m=2;t=3;x=4"
FIELDS = {
    **{"__CURSOR": CURSOR, "__REALTIME_TIMESTAMP": "1770000000123456"},
    **{"_SYSTEMD_UNIT": "dask-worker.service", "_PID": "17", "PRIORITY": "4", "MESSAGE": "slow"},
}
DAY_MS = 24 * 3600 * 1000


def entry(**fields: object) -> Entry | None:
    return parse(json.dumps({**FIELDS, **fields}).encode())


def test_an_entry_has_unit_priority_pid_and_milliseconds():
    assert entry() == Entry(CURSOR, 1_770_000_000_123, "dask-worker.service", 4, 17, "slow")


def test_a_message_of_systemd_belongs_to_the_unit_that_it_is_about():
    said = entry(_SYSTEMD_UNIT="init.scope", UNIT="dask-node.service", _PID="1", MESSAGE="Started.")
    assert said is not None
    assert (said.unit, said.pid, said.message) == ("dask-node.service", 1, "Started.")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ([0x63, 0x61, 0x66, 0xE9, 0x1B], "caf\ufffd\x1b"),
        (["one", [0x74, 0x77, 0x6F]], "one\ntwo"),
        (None, ""),
        ([], ""),
    ],
)
def test_odd_messages_are_text(message, text):
    said = entry(MESSAGE=message)
    assert said is not None
    assert said.message == text


def test_an_entry_without_priority_and_pid_has_the_default():
    said = entry(PRIORITY=None, _PID=None)
    assert said is not None
    assert (said.priority, said.pid) == (6, None)


def test_of_the_kernel_only_messages_about_killed_processes_are_entries():
    kernel = {"_TRANSPORT": "kernel", "_SYSTEMD_UNIT": None, "_PID": None}
    killed = "Memory cgroup out of memory: Killed process 99 (python)"
    said = entry(**kernel, MESSAGE=killed)
    assert said is not None
    assert (said.unit, said.message) == ("kernel", killed)
    assert entry(**kernel, MESSAGE="eth0: link becomes ready") is None


@pytest.mark.parametrize(
    "line", [b"", b"no JSON", b"[]", b'{"MESSAGE": "no cursor"}', b'{"__CURSOR": "s=1"}']
)
def test_a_line_that_is_no_entry_is_skipped(line):
    assert parse(line) is None


def test_journalctl_is_asked_for_the_units_for_systemd_about_them_and_for_the_kernel():
    assert matches(["dask-node.service", "dask-worker.service"]) == [
        *("_SYSTEMD_UNIT=dask-node.service", "_SYSTEMD_UNIT=dask-worker.service", "+", "_PID=1"),
        *("UNIT=dask-node.service", "UNIT=dask-worker.service", "+", "_TRANSPORT=kernel"),
    ]


def test_the_units_are_the_services_of_the_bundle(tmp_path):
    for name in ("dask-worker.service", "dask-logs.path", "dask-node.service", "ssh.service"):
        (tmp_path / name).touch()
    assert units(tmp_path) == ["dask-node.service", "dask-worker.service"]


def test_an_event_is_json_and_its_size_counts_bytes():
    one = event(5, {"unit": "kernel"}, "é")
    assert one == Event(5, '{"unit": "kernel", "message": "é"}', 35 + EVENT_OVERHEAD_BYTES)


@pytest.mark.parametrize("character", ["x", "é", "\x00", "\U0001f4a5", "\ud800"])
def test_a_message_that_is_too_large_is_cut(character):
    one = event(5, {"unit": "kernel"}, character * 300_000)
    assert MAX_EVENT_BYTES * 0.8 < one.size <= MAX_EVENT_BYTES
    assert one.size == len(one.message.encode()) + EVENT_OVERHEAD_BYTES
    content = json.loads(one.message)
    assert content["truncatedFrom"] == 300_000 * len(character.encode("utf-8", "replace"))
    assert set(content["message"]) == {character if character != "\ud800" else "?"}


def sizes(pending: Pending) -> list[int]:
    found = []
    while pending:
        found.append(len(pending.remove().events))
    return found


def test_a_batch_has_at_most_10000_events():
    pending = Pending()
    for number in range(10_001):
        pending.add(Event(number, "", 30), CURSOR)
    assert sizes(pending) == [10_000, 1]


def test_a_batch_has_at_most_the_bytes_of_a_call():
    pending = Pending()
    for _ in range(9):
        pending.add(Event(0, "", MAX_BATCH_BYTES // 4), CURSOR)
    assert sizes(pending) == [4, 4, 1]


def test_a_batch_spans_less_than_a_day_also_with_a_clock_that_is_set_back():
    batch = Batch()
    batch.add(Event(DAY_MS, "", 30), CURSOR)
    assert [batch.fits(Event(time, "", 30)) for time in (0, 1, 2 * DAY_MS - 1, 2 * DAY_MS)] == [
        *(False, True, True, False)
    ]


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        ([Event(number, "", 30) for number in range(10_001)], range(1, 10_001)),
        ([Event(number, "", MAX_BATCH_BYTES // 4) for number in range(9)], range(5, 9)),
        ([Event(2, "", 30), Event(1, "", 30), Event(3, "", 30)], range(1, 4)),
        ([Event(0, "", 30), Event(1, "", 30), Event(DAY_MS, "", 30)], (1, DAY_MS)),
        ([], ()),
    ],
    ids=["number", "bytes", "order", "span", "none"],
)
def test_of_a_failed_boot_the_newest_events_of_one_call_are_kept(events, kept):
    assert [event.timestamp for event in newest(events)] == list(kept)


def test_the_program_for_a_failed_boot_needs_the_standard_library_only():
    source = Path(__file__).parents[1] / "src"
    program = f"""
import sys
sys.path.insert(0, {str(source)!r})
import cdktf_dask.node.logs.newest
print(sorted({{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names))
"""
    argv = [sys.executable, "-ISBc", program]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == "['__main__', 'cdktf_dask']\n"


def test_of_too_many_pending_events_the_oldest_batches_are_dropped_and_counted():
    pending = Pending(max_bytes=2 * MAX_BATCH_BYTES)
    for number in range(10):
        pending.add(Event(number, "", MAX_BATCH_BYTES // 4), CURSOR)
    assert (pending.dropped, pending.count, pending.size) == (4, 6, 6 * MAX_BATCH_BYTES // 4)
    assert pending.oldest.first == 4


def test_a_position_is_stored_and_none_is_read_from_another_text(tmp_path):
    position = Position(tmp_path / "cursor")
    assert position.read() is None
    position.write(CURSOR)
    assert position.read() == CURSOR
    for text in ("", "s=12", f"{CURSOR}; rm", "\x00\xff"):
        (tmp_path / "cursor").write_text(text)
        assert position.read() is None


def test_events_of_entries_are_made_fast():
    line = json.dumps({**FIELDS, "MESSAGE": "x" * 160}).encode()
    start, pending = time.process_time(), Pending()
    for _ in range(20_000):
        said = parse(line)
        assert said is not None
        pending.add(event(said.timestamp, {"unit": said.unit}, said.message), said.cursor)
    assert time.process_time() - start < 4
