"""`dask-cluster backup`, `restore` and `backups`, run as a user does."""

import json
import re

import pytest
from distributed import Client

from backup_datasets import publish, values
from cdktf_dask.backup.errors import BackupError
from cdktf_dask.backup.location import Location
from client_fixtures import port_of
from test_cli import run, warnings_of_tests
from test_client_local import record

__all__ = ["warnings_of_tests"]


@pytest.fixture
def local(two_pools, home):
    """The local cluster of a project in the working directory, with three datasets."""
    record(home, two_pools.address)
    with Client(two_pools.address, set_as_default=False) as client:
        publish(client, "array", "frame", "plain")
        yield client
        for name in client.list_datasets():
            client.unpublish_dataset(name)


def test_backup_and_restore_of_the_local_cluster(local, home):
    expected = values(local)
    output, errors = run("backup", "local")
    assert errors == ""
    first, *rows = output.splitlines()
    folder = home / ".dask" / ".backups" / "local"
    id = first.split()[1]
    assert re.fullmatch(
        rf"backup \d{{8}}T\d{{6}}Z-[0-9a-f]{{4}} of local in file://{folder}, \d+\.\d s", first
    )
    assert [row.split()[0] for row in rows] == ["dataset", "array", "frame", "plain"]
    assert rows[3].split() == ["plain", "builtins.dict", "0", "30", "B"]
    for name in ("array", "plain"):
        local.unpublish_dataset(name)
    answer = json.loads(run("restore", "local", "--json", "--dataset", "array", "--backup", id)[0])
    assert {**answer, "seconds": 0, "bytes": 0, "datasets": 0} == {
        "cluster": "local",
        "location": f"file://{folder}",
        "backup": id,
        "bytes": 0,
        "seconds": 0,
        "datasets": 0,
    }
    assert [(one["name"], one["type"], one["partitions"]) for one in answer["datasets"]] == [
        ("array", "dask.array.core.Array", 4)
    ]
    assert (
        run("restore", "local", "--dataset", "plain")[0]
        .splitlines()[0]
        .startswith(f"restored the backup {id} onto local, ")
    )
    assert values(local) == expected


def test_backups_are_listed_and_old_ones_deleted(local, home):
    first, second = (json.loads(run("backup", "local", "--json", "--dataset", "plain")[0]) for _ in range(2))
    ids = sorted([first["backup"], second["backup"]])
    assert (first["deleted"], second["deleted"]) == ([], [])
    answer = json.loads(run("backups", "local", "--json")[0])
    assert [one["backup"] for one in answer["backups"]] == ids
    assert [one["datasets"] for one in answer["backups"]] == [["plain"], ["plain"]]
    third = json.loads(run("backup", "local", "--json", "--dataset", "array", "--keep", "1")[0])
    newest = sorted([*ids, third["backup"]])[-1]
    assert third["deleted"] == sorted({*ids, third["backup"]} - {newest})
    # After `npm stop`, the cluster has no record any more.
    (home / ".dask" / "local" / "run.json").unlink()
    lines = run("backups", "local")[0].splitlines()
    assert [line.split()[0] for line in lines] == ["backup", newest]


def test_a_failed_deletion_does_not_hide_the_backup(local, home, monkeypatch):
    run("backup", "local", "--dataset", "plain")

    def fail(location, id):
        raise BackupError(f"{id} cannot be deleted", "check your permissions")

    with monkeypatch.context() as patch:
        patch.setattr(Location, "delete", fail)
        output, errors = run("backup", "local", "--json", "--dataset", "plain", "--keep", "1", code=4)
    answer = json.loads(output)
    ids = [one["backup"] for one in json.loads(run("backups", "local", "--json")[0])["backups"]]
    assert len(ids) == 2
    assert answer["backup"] in ids
    assert answer["deleted"] == []
    assert errors == f"dask-cluster: {ids[0]} cannot be deleted. Hint: check your permissions\n"


def test_damaged_backups_are_listed_with_the_reason(local, home):
    made = json.loads(run("backup", "local", "--json", "--dataset", "plain")[0])
    damaged = home / ".dask" / ".backups" / "local" / "index" / "20200101T000000Z-0000.json"
    damaged.write_text("{}")
    reason = f"file://{damaged} is damaged: it is not an index of format 1"
    first, second = json.loads(run("backups", "local", "--json")[0])["backups"]
    assert first == {"backup": "20200101T000000Z-0000", "fault": reason}
    assert (second["backup"], second["bytes"]) == (made["backup"], made["bytes"])
    lines = run("backups", "local")[0].splitlines()
    assert lines[1].split(maxsplit=3) == ["20200101T000000Z-0000", "–", "–", reason]
    assert lines[2].split()[0] == made["backup"]


def test_no_backups(local, tmp_path):
    assert run("backups", "local")[0] == f"no backups in file://{tmp_path}/.dask/.backups/local\n"
    assert run("restore", "local", code=4)[1] == (
        f"dask-cluster: file://{tmp_path}/.dask/.backups/local has no whole backup. Hint: make one: "
        "dask-cluster backup, or name another location\n"
    )


def test_a_folder_does_not_do_for_a_cluster_on_aws(account, secure):
    account.scheduler("production", f"127.0.0.1:{port_of(secure.address)}")
    assert run("backup", "production", "--location", "/tmp/backups", code=4)[1] == (
        "dask-cluster: location: got the folder /tmp/backups, but workers of production are on other "
        "computers. Hint: name a bucket: --location s3://BUCKET/PREFIX\n"
    )
    assert run("backups", "production", code=4)[1] == (
        "dask-cluster: the cluster production has no bucket for backups. Hint: set `backup` in its "
        "definition and deploy it, or name a location: --location s3://BUCKET/PREFIX\n"
    )


def test_the_tag_of_the_scheduler_names_the_bucket(account, secure):
    instance = account.scheduler("production", f"127.0.0.1:{port_of(secure.address)}")
    account.tag(instance, "dask:backup", "s3://backups-of-production")
    account.bucket("backups-of-production")
    assert run("backups", "production")[0] == "no backups in s3://backups-of-production\n"


@pytest.mark.parametrize("command", ["backup", "restore", "backups", "salvage"])
def test_help_needs_no_cluster(command):
    assert f"Usage: dask-cluster {command} " in run(command, "--help")[0]


def test_help_warns_that_a_restore_runs_code():
    text = " ".join(run("restore", "--help")[0].split())
    assert (
        "a restore runs their code, here and on the workers: restore only from a location that only" in text
    )
