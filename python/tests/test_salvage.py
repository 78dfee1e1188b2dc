"""The experiment that a copy of a spill directory restores nothing, and what can be salvaged of one."""

import json
import os
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from distributed import Client, wait

from cdktf_dask.cli.main import main
from cdktf_dask.smoke_test.by_value import ByValue
from cluster import Cluster

RESULTS = 20
RESULT_BYTES = 10 * 2**20


@ByValue
def result(number: int, log: str) -> bytes:
    """Which result it is, 10 MiB long; notes that it was computed."""
    with open(log, "a") as file:
        file.write(f"{number}\n")
    return bytes([number]) * (10 * 2**20)


def spilled(directory: Path) -> list[Path]:
    return sorted(directory.glob("dask-scratch-space/worker-*/storage/*"))


@dataclass
class Orphan:
    """What was left of a worker that was killed."""

    copy: Path
    """Copy of its directory."""
    files: list[str]
    """Names of what it had spilled."""
    kept: list[str]
    """Those that were still there when the next worker had started on the directory."""
    again: list[int]
    """Results that the next worker computed."""
    running: str
    """Output of `salvage` as long as the worker ran."""


@pytest.fixture(scope="module")
def orphan(tmp_path_factory) -> Orphan:
    """Kill a worker with spilled results, and start another one on a copy of its directory."""
    folder = tmp_path_factory.mktemp("orphan")
    log = folder / "log"
    with Cluster() as cluster, Client(cluster.address) as client:
        target = {"DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "0.1"}
        worker = cluster.worker("cpu--0", "CPU=1", **target)
        directory = cluster.directory / "cpu--0"
        keys = [f"result-{number}" for number in range(RESULTS)]
        futures = client.map(result, range(RESULTS), log=str(log), key=keys)
        wait(futures)
        running = CliRunner().invoke(main, ["salvage", str(directory)]).stdout
        worker.kill()
        worker.wait()
        shutil.copytree(directory, folder / "copy")
        files = [file.name for file in spilled(directory)]
        log.unlink()
        # A backup of the directory, restored before a worker starts.
        restored = cluster.directory / "restored"
        shutil.copytree(folder / "copy", restored)
        cluster.worker("cpu--1", "CPU=1", "--local-directory", str(restored), **target)
        own = next(restored.glob("dask-scratch-space/worker-*/"))
        kept = [file.name for file in spilled(restored) if file.parents[1] != own]
        wait(futures, timeout=60)
    again = sorted(map(int, log.read_text().split()))
    return Orphan(folder / "copy", files, kept, again, running)


@pytest.fixture
def directory(orphan, tmp_path) -> Path:
    """A directory that the test may damage."""
    return shutil.copytree(orphan.copy, tmp_path / "scratch")


def salvage(*arguments: object, code: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(main, ["salvage", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.stderr
    return done.stdout, done.stderr


def test_a_copy_of_a_spill_directory_restores_nothing(orphan):
    assert len(orphan.files) >= RESULTS // 2
    assert orphan.kept == []
    assert orphan.again == list(range(RESULTS))


def test_salvage_reads_each_spilled_result(orphan, directory, tmp_path):
    output, errors = salvage(directory, "--output", tmp_path / "out", "--json")
    assert errors == ""
    answer = json.loads(output)
    assert json.loads((tmp_path / "out" / "index.json").read_text()) == answer
    results = answer["results"]
    assert sorted(Path(one["source"]).name for one in results) == sorted(orphan.files)
    for one in results:
        number = int(one["key"].removeprefix("result-"))
        assert one["type"] == "builtins.bytes"
        value = pickle.loads((tmp_path / "out" / one["file"]).read_bytes())
        assert value == bytes([number]) * RESULT_BYTES
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_salvage_names_what_it_cannot_read(directory):
    cut, damaged, *others = spilled(directory)
    os.truncate(cut, 1000)
    content = bytearray(damaged.read_bytes())
    content[-1000:] = bytes(1000)
    # The header of the message.
    content[24:40] = b"\xff" * 16
    damaged.write_bytes(content)
    output, errors = salvage(directory, "--json", code=4)
    results = {Path(one["source"]): one for one in json.loads(output)["results"]}
    assert results[cut]["fault"].startswith("it has 1000 bytes, expected ")
    assert "fault" in results[damaged]
    assert [one for one in others if "fault" in results[one]] == []
    assert errors == (
        f"dask-cluster: 2 of {len(others) + 2} spilled results in {directory} were not read. Hint: compute "
        "these again; the table above has the reasons\n"
    )


def test_salvage_without_a_readable_result_writes_the_index(directory, tmp_path):
    for file in spilled(directory):
        os.truncate(file, 1000)
    output, _ = salvage(directory, "--output", tmp_path / "parent" / "out", "--json", code=4)
    answer = json.loads(output)
    assert [one for one in answer["results"] if "fault" not in one] == []
    assert [file.name for file in (tmp_path / "parent" / "out").iterdir()] == ["index.json"]
    assert json.loads((tmp_path / "parent" / "out" / "index.json").read_text()) == answer
    assert (tmp_path / "parent" / "out").stat().st_mode & 0o777 == 0o700


def test_salvage_leaves_a_running_worker_alone(orphan):
    lines = orphan.running.splitlines()
    assert lines[0].split("  ")[0] == "key"
    assert len(lines) >= 1 + RESULTS // 2
    assert [line for line in lines[1:] if not line.endswith("its worker is running")] == []


def test_salvage_of_other_directories(tmp_path):
    output, errors = salvage(tmp_path, code=4)
    assert output == ""
    assert errors == (
        f"dask-cluster: {tmp_path} has no spilled results. Hint: name the local directory of a worker that "
        "was killed, before another worker starts on it: Dask empties it then\n"
    )


def test_salvage_writes_only_into_a_new_folder(directory, tmp_path):
    (tmp_path / "out").mkdir()
    _, errors = salvage(directory, "--output", tmp_path / "out", code=4)
    assert errors == (
        f"dask-cluster: the folder {tmp_path}/out exists already. Hint: name a new folder by --output\n"
    )
