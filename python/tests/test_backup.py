"""Backup and restore of published datasets, on real clusters, and on S3 of the mock AWS."""

import hashlib
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from distributed import Client, Future, wait

from aws_double import CREDENTIALS, REGION
from backup_datasets import PARTITIONS, publish, values
from cdktf_dask.backup.errors import BackupError
from cdktf_dask.backup.location import Location
from cdktf_dask.backup.restoring import restore
from cdktf_dask.backup.saving import backup, prune
from cdktf_dask.smoke_test.by_value import ByValue
from cluster import Cluster


@pytest.fixture(scope="module")
def source(moto_url):
    """Two workers of the pool cpu, with credentials for the mock AWS."""
    with Cluster() as cluster:
        for number in range(2):
            cluster.worker(f"cpu--{number}", "CPU=1", **(CREDENTIALS | {"AWS_ENDPOINT_URL": moto_url}))
        yield cluster


@pytest.fixture
def client(source):
    """A client of the source, on which nothing is published."""
    with Client(source.address) as client:
        yield client
        for name in client.list_datasets():
            client.unpublish_dataset(name)


@pytest.fixture
def location(tmp_path):
    return Location(str(tmp_path / "backups"))


def failure(call, *arguments) -> str:
    with pytest.raises(BackupError) as raised:
        call(*arguments)
    return str(raised.value)


def files(location: Location, id: str) -> list[Path]:
    """Objects of a backup in a folder."""
    return sorted((Path(location.url.removeprefix("file://")) / "datasets" / id).iterdir())


def test_a_fresh_cluster_gets_equal_values(client, location):
    publish(client)
    expected = values(client)
    steps = []
    made = backup(client, location, progress=lambda done, total: steps.append((done, total)))
    assert {one.name: len(one.partitions) for one in made.datasets} == PARTITIONS
    assert steps == [(number, 39) for number in range(1, 40)]
    with Cluster() as fresh:
        fresh.worker("cpu--0", "CPU=1")
        with Client(fresh.address) as other:
            assert restore(other, location) == made
            assert values(other) == expected
            # The workers have the data; the client and the location are not needed any more.
            for file in files(location, made.id):
                file.unlink()
            assert other.get_dataset("array").sum().compute() == sum(range(4000))
        with Client(fresh.address) as later:
            assert values(later) == expected


def test_the_worker_that_has_a_partition_writes_it(client, location):
    futures = client.scatter(list(range(6)), broadcast=False)
    client.publish_dataset(futures, name="numbers")
    holders = client.who_has(futures)
    assert sorted(map(len, holders.values())) == [1] * 6
    assert len({one[0] for one in holders.values()}) == 2
    made = backup(client, location)
    # A worker that needs data of another one keeps a copy.
    assert client.who_has(futures) == holders
    assert [part.resource for part in made.datasets[0].partitions] == ["CPU"] * 6


def test_spilled_partitions_are_in_the_backup(location):
    with Cluster() as cluster, Client(cluster.address) as client:
        cluster.worker("cpu--0", "CPU=1", DASK_DISTRIBUTED__WORKER__MEMORY__TARGET="0.1")
        futures = client.map(ten_mebibytes, range(20))
        client.publish_dataset(futures, name="spilled")
        wait(futures)
        assert sum(client.run(spilled_bytes).values()) > 100 * 2**20
        backup(client, location)
        client.unpublish_dataset("spilled")
        restore(client, location)
        restored = client.get_dataset("spilled")
        assert client.gather(client.map(sum, restored)) == [10 * 2**20 * number for number in range(20)]


@ByValue
def ten_mebibytes(number: int) -> bytes:
    return bytes([number]) * (10 * 2**20)


@ByValue
def spilled_bytes(dask_worker) -> int:
    return dask_worker.data.spilled_total.memory


def test_a_backup_in_s3(client, moto_url, monkeypatch, tmp_path):
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": moto_url}).items():
        monkeypatch.setenv(name, value)
    s3 = boto3.client("s3", REGION)
    s3.create_bucket(Bucket="backups", CreateBucketConfiguration={"LocationConstraint": REGION})
    publish(client, "array", "frame", "plain")
    expected = values(client)
    location = Location("s3://backups/production")
    made = backup(client, location)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="backups")["Contents"]]
    assert [key for key in keys if "/index/" in key] == [f"production/index/{made.id}.json"]
    assert len([key for key in keys if key.startswith(f"production/datasets/{made.id}/")]) == 4 + 4 + 3
    for name in expected:
        client.unpublish_dataset(name)
    restore(client, location)
    assert values(client) == expected
    client.unpublish_dataset("array")
    part = f"production/datasets/{made.id}/{made.datasets[0].partitions[2].file}"
    s3.put_object(Bucket="backups", Key=part, Body=b"x" * made.datasets[0].partitions[2].bytes)
    assert f"s3://backups/{part} has the SHA-256 " in failure(restore, client, location, made.id, ["array"])
    s3.delete_object(Bucket="backups", Key=part)
    assert failure(restore, client, location, made.id, ["array"]) == (
        f"s3://backups/{part} is missing. Hint: choose another backup, or the other datasets by --dataset"
    )
    assert prune(location, 1) == []
    location.delete(made.id)
    assert "Contents" not in s3.list_objects_v2(Bucket="backups")
    assert failure(restore, client, location).startswith("s3://backups/production has no whole backup")


def test_a_bucket_that_does_not_exist(client, moto_url, monkeypatch):
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": moto_url}).items():
        monkeypatch.setenv(name, value)
    publish(client, "future")
    assert failure(backup, client, Location("s3://absent-bucket")).startswith(
        "partition 0 of the dataset 'future' cannot be written (FileNotFoundError: The specified bucket does"
    )


def test_values_that_cannot_be_pickled(client, location):
    publish(client, "array")
    client.publish_dataset(client.submit(threading.Lock, key="lock"), name="lock")
    assert failure(backup, client, location) == (
        "partition 0 of the dataset 'lock' cannot be pickled (TypeError: cannot pickle '_thread.lock' "
        "object). Hint: publish the dataset again, or leave it out by --dataset with the names of the others"
    )
    assert location.whole() == []
    assert location.started() == []
    assert [one.name for one in backup(client, location, ["array"]).datasets] == ["array"]


def test_a_dataset_that_failed(client, location):
    client.publish_dataset(client.submit(int, "text"), name="failed")
    assert failure(backup, client, location).startswith(
        "partition 0 of the dataset 'failed' failed: ValueError: invalid literal for int() with "
        "base 10: 'text'. Hint: "
    )


def test_names(client, location):
    assert failure(backup, client, location) == (
        "the cluster has no published datasets. Hint: publish what to keep: "
        "client.publish_dataset(prices=prices)"
    )
    publish(client, "plain")
    assert failure(backup, client, location, ["plane"]) == (
        "no dataset 'plane' is published. Hint: published are: 'plain'"
    )
    made = backup(client, location)
    assert failure(restore, client, location, None, ["plane"]) == (
        f"the backup {made.id} has no dataset 'plane'. Hint: it has: 'plain'"
    )
    assert failure(restore, client, location) == (
        "already published: 'plain'. Hint: unpublish them (client.unpublish_dataset), or restore the others "
        "by --dataset"
    )
    client.publish_dataset(1, name=("a", 1))
    assert failure(backup, client, location).startswith(
        "the dataset ('a', 1) has a name of type tuple, expected a text. Hint: "
    )


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda file: file.unlink(), "{url} is missing"),
        (lambda file: os.truncate(file, 3), "{url} has 3 bytes, expected {bytes}"),
        (
            lambda file: file.write_bytes(bytes(file.stat().st_size)),
            "{url} has the SHA-256 {zeros}, expected ",
        ),
    ],
)
@pytest.mark.parametrize("what", ["partition", "recipe"])
def test_damaged_objects_publish_nothing(client, location, damage, expected, what):
    publish(client, "array", "future")
    made = backup(client, location)
    found = made.datasets[1].partitions[0] if what == "partition" else made.datasets[1].recipe
    file = next(one for one in files(location, made.id) if one.name == found.file)
    damage(file)
    for name in ("array", "future"):
        client.unpublish_dataset(name)
    zeros = hashlib.sha256(bytes(found.bytes)).hexdigest()
    text = expected.format(url=f"file://{file}", bytes=found.bytes, zeros=zeros)
    assert text in failure(restore, client, location)
    assert client.list_datasets() == ()
    restore(client, location, None, ["array"])
    assert client.list_datasets() == ("array",)


def test_a_damaged_index(client, location):
    publish(client, "plain")
    made = backup(client, location)
    file = Path(location.url.removeprefix("file://")) / "index" / f"{made.id}.json"
    whole = file.read_text()
    hint = f"Hint: choose another one: dask-cluster backups --location {location.url}"
    for text, reason in (
        (whole.replace('"plain"', '"other"'), "its content does not match its checksum"),
        ("{}", "it is not an index of format 1"),
        (whole[:40], "Unterminated string"),
    ):
        file.write_text(text)
        error = failure(restore, client, location)
        assert error.startswith(f"{location.url}/index/{made.id}.json is damaged: {reason}")
        assert error.endswith(hint)
    file.unlink()
    assert failure(restore, client, location, made.id) == (
        f"the backup {made.id} in {location.url} was interrupted and is not whole. {hint}"
    )
    assert failure(restore, client, location, "nothing") == (
        f"{location.url} has no backup 'nothing'. {hint}"
    )


def test_another_release(client, location, monkeypatch):
    publish(client, "plain")
    monkeypatch.setattr("cdktf_dask.backup.saving.versions", lambda _: {"dask": "2024.7.1", "python": "3.11"})
    made = backup(client, location)
    monkeypatch.undo()
    client.unpublish_dataset("plain")
    error = failure(restore, client, location)
    assert error.startswith(
        f"the backup {made.id} is of another release: dask 2024.7.1 in the backup, 2026.7.1 on the cluster"
    )
    assert client.list_datasets() == ()


def test_a_name_that_is_published_during_the_restore(client, location, source):
    publish(client, "array", "future", "plain")
    backup(client, location)
    for name in ("array", "future", "plain"):
        client.unpublish_dataset(name)

    def meanwhile(done: int, total: int) -> None:
        if done == total:
            client.publish_dataset(7, name="future")

    assert failure(restore, client, location, None, (), meanwhile) == (
        "the datasets cannot be published (Dataset future already exists). Hint: restore again"
    )
    assert client.list_datasets() == ("future",)
    assert client.get_dataset("future") == 7


def test_a_folder_that_others_can_write(client, location):
    publish(client, "plain")
    backup(client, location)
    root = Path(location.url.removeprefix("file://"))
    for folder in (root, root / "index", root / "datasets"):
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.chmod(0o770)
        assert failure(restore, client, location) == (
            f"{folder}: got mode 0770, expected that only its owner can write, because a restore runs code. "
            f"Hint: check its content, then run chmod go-w {folder}"
        )
        folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user(tmp_path, monkeypatch):
    location = Location(str(tmp_path))
    location.create("one")
    for folder in (tmp_path, tmp_path / "index", tmp_path / "datasets"):
        os.chown(folder, 1234, -1)
        assert failure(location.check_writers) == (
            f"{folder}: got the owner 1234, expected the user 0, because a restore runs code. "
            f"Hint: check its content, then run chown -R 0 {folder}"
        )
        os.chown(folder, 0, -1)
    # Root may own the folder of another user.
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    location.check_writers()


def test_the_newest_backups_are_kept(client, location):
    publish(client, "plain")
    made = [backup(client, location).id for _ in range(3)]
    made.sort()
    interrupted, running = (
        f"{datetime.now(UTC) - timedelta(hours=hours):%Y%m%dT%H%M%SZ}-0000" for hours in (25, 23)
    )
    location.create(interrupted)
    location.create(running)
    assert prune(location, 2) == [interrupted, made[0]]
    assert location.whole() == made[1:]
    assert location.started() == [running, *made[1:]]


@pytest.mark.parametrize("url", ["", "s3://", "http://example.com/a"])
def test_other_locations(url):
    if url:
        assert failure(Location, url) == (
            f"location: got {url!r}, expected s3://BUCKET/PREFIX or a folder. Hint: correct it"
        )


@ByValue
def slow(value: int):
    """Takes a second to pickle, so that a test can kill the worker that writes it."""
    import time

    class Slow:
        def __init__(self) -> None:
            self.value = value

        def __reduce__(self):
            time.sleep(1)
            return int, (value,)

    return Slow()


@pytest.fixture
def fragile():
    """Two workers, one of which a test kills."""
    with Cluster() as cluster:
        workers = [cluster.worker(f"cpu--{number}", "CPU=1") for number in range(2)]
        yield cluster, workers


def write_slowly(client: Client, futures: list[Future], location: Location, kill) -> str | None:
    """Back up; kill a worker after the first partition. Returns the error, if any."""
    client.publish_dataset(futures, name="slow")

    def meanwhile(done: int, total: int) -> None:
        if done == 1:
            kill()

    try:
        backup(client, location, progress=meanwhile)
    except BackupError as error:
        return str(error)
    return None


def test_a_worker_that_dies_during_a_backup(fragile, location):
    """Its partitions are computed again and written by the other worker."""
    cluster, workers = fragile
    with Client(cluster.address) as client:
        futures = client.map(slow, range(6), pure=False)
        wait(futures)
        assert write_slowly(client, futures, location, workers[0].kill) is None
        client.unpublish_dataset("slow")
        restore(client, location)
        assert client.gather(client.get_dataset("slow")) == [0, 1, 2, 3, 4, 5]


def test_data_that_is_lost_with_its_worker(fragile, location):
    """Scattered data cannot be computed again."""
    cluster, workers = fragile
    with Client(cluster.address) as client:
        addresses = client.run(os.getpid)
        one = next(address for address, pid in addresses.items() if pid == workers[0].pid)
        futures = client.scatter([bytes(5_000_000)] * 4, workers=[one], hash=False)
        error = write_slowly(client, futures, location, workers[0].kill)
        assert error is not None
        assert "of the dataset 'slow' was lost with its worker. Hint: " in error
        assert location.started() == []
