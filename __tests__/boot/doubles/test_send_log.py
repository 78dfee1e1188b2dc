"""The journal of a node without Python environment: sent by its real script, with real curl."""

import json
import time
from pathlib import Path

import boto3
import pytest
from loopback import BASE, REGION

GROUP = "/dask/rig/nodes"
STREAM = "cpu/i-00000000000000001"
SOURCES = BASE.parents[1] / "python" / "src"

#: Time of the first entry: CloudWatch rejects events that are older than 14 days.
FIRST = int(time.time()) - 11_000

#: The journal: more than one call of PutLogEvents may have, with characters that shells and JSON escape.
ENTRIES = [
    {
        "__CURSOR": "s=1",
        "__REALTIME_TIMESTAMP": f"{FIRST + number}000000",
        "_SYSTEMD_UNIT": "dask-node.service",
        "MESSAGE": f'{number} \\ "ä" @ & % $HOME',
    }
    for number in range(11_000)
]

SCRIPT = f"""
source "$1/functions.sh"
source "$1/../logs/send-log.sh"
mkdir "$folder/lib" && ln -s {SOURCES} "$folder/lib/python"
lib=$folder/lib
identify && send_journal
"""


@pytest.fixture
def moto(aws):
    options = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("logs", REGION, endpoint_url=aws.facts["moto"], **options)


def send(node, folder: Path) -> str:
    """Run the script, with a double of journalctl. Returns what it prints."""
    (folder / "journal").write_text("".join(f"{json.dumps(entry)}\n" for entry in ENTRIES))
    program = folder / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = --sync ] || exec cat {folder}/journal\n')
    program.chmod(0o755)
    settings = (f"LOG_GROUP={GROUP}", "LOG_POOL=cpu", "GROUP=", "SIGNAL=", "RETRY_SECONDS=1")
    places = (
        f"folder={folder} DASK_NODE_STATE={folder} DASK_NODE_LOG={folder}/log PATH={program.parent}:$PATH"
    )
    done = node.script(f"export {places}\n{SCRIPT}", *settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_newest_entries_are_in_the_stream(node, imds, moto, tmp_path):
    assert not Path("/opt/dask/env").exists()
    moto.create_log_group(logGroupName=GROUP)
    node.update(logStreams=[f"{GROUP}:log-stream:cpu/*"])
    assert send(node, tmp_path) == ""
    calls = [(call["action"], call["status"]) for call in node.calls()]
    assert calls == [("CreateLogStream", 200), ("PutLogEvents", 200)]
    names = {"logGroupName": GROUP, "logStreamName": STREAM}
    events = moto.get_log_events(**names, startFromHead=False, limit=10_000)["events"]
    assert json.loads(events[-1]["message"]) == {
        **{"unit": "dask-node.service", "priority": 6, "pool": "cpu"},
        "message": ENTRIES[-1]["MESSAGE"],
    }
    assert events[-1]["timestamp"] == (FIRST + 10_999) * 1000
    size = sum(len(event["message"].encode()) + 26 for event in events)
    assert 1_048_576 - 200 < size <= 1_048_576
