"""`dask-cluster backup`, `restore` and `backups`: published datasets, kept at a location."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report
from cdktf_dask.cli.table import size, table
from cdktf_dask.operations.rows import UNKNOWN

if TYPE_CHECKING:
    from cdktf_dask.backup.index import Index
    from cdktf_dask.backup.location import Location

LOCATION = click.option(
    "--location", help="s3://BUCKET/PREFIX, or a folder for a local cluster.  [default: that of the cluster]"
)
DATASETS = click.option("--dataset", "datasets", multiple=True, help="Only this dataset; can be repeated.")


@click.command()
@cluster_options
@PATH
@LOCATION
@DATASETS
@click.option("--keep", type=click.IntRange(1), help="Then delete all backups except the newest ones.")
def backup(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    location: str | None,
    datasets: tuple[str, ...],
    keep: int | None,
) -> None:
    """Back up the published datasets of the cluster NAME.

    The workers write the partitions that they have, spilled ones too. What is not published is not kept.
    """
    from cdktf_dask.backup.saving import backup as save
    from cdktf_dask.backup.saving import prune

    def run(client: Any, found: "Location", shown: Callable[[int, int], None]) -> "Index":
        return save(client, found, datasets, shown)

    found, index, seconds = _with_client((name, region, profile, path), location, "written", run)
    deleted: list[str] = []
    try:
        deleted += prune(found, keep) if keep else []
    finally:
        # Also if the deletion fails, because the backup is whole.
        document = _document(name, found, index, seconds) | {"deleted": deleted}
        lines = [f"backup {index.id} of {name} in {found.url}, {seconds:.1f} s", *_datasets(index)]
        lines += [f"deleted: {', '.join(deleted)}"] if deleted else []
        report(document, lines, as_json)


@click.command()
@cluster_options
@PATH
@LOCATION
@DATASETS
@click.option("--backup", "id", help="Which one; `dask-cluster backups` lists them.  [default: the newest]")
def restore(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    location: str | None,
    datasets: tuple[str, ...],
    id: str | None,
) -> None:
    """Publish the datasets of a backup on the cluster NAME, under their names.

    A backup has pickles, and a restore runs their code, here and on the workers: restore only from a location
    that only the cluster and its administrators write.
    """
    from cdktf_dask.backup.restoring import restore as load

    def run(client: Any, found: "Location", shown: Callable[[int, int], None]) -> "Index":
        return load(client, found, id, datasets, shown)

    found, index, seconds = _with_client((name, region, profile, path), location, "loaded", run)
    lines = [f"restored the backup {index.id} onto {name}, {seconds:.1f} s", *_datasets(index)]
    report(_document(name, found, index, seconds), lines, as_json)


@click.command()
@cluster_options
@PATH
@LOCATION
def backups(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    location: str | None,
) -> None:
    """List the backups of the cluster NAME, the oldest first. Interrupted ones are not listed.

    A backup with a damaged index is listed with the reason.
    """
    from cdktf_dask.backup.default_location import open_location

    print_warnings()
    found = open_location(name, location, region, profile, path)
    listed = [_listed(found, one) for one in found.whole()]
    document = {"cluster": name, "location": found.url, "backups": listed}
    rows = [
        (one["backup"], UNKNOWN, UNKNOWN, one["fault"])
        if "fault" in one
        else (one["backup"], size(one["bytes"]), one["dask"], ", ".join(one["datasets"]))
        for one in listed
    ]
    lines = table(("backup", "size", "dask", "datasets"), *rows) if rows else [f"no backups in {found.url}"]
    report(document, lines, as_json)


def _listed(location: "Location", id: str) -> dict[str, Any]:
    from cdktf_dask.backup.errors import DamagedBackup

    try:
        index = location.index(id)
    except DamagedBackup as error:
        return {"backup": id, "fault": error.reason}
    return {
        "backup": id,
        "bytes": index.bytes,
        "dask": index.versions["dask"],
        "datasets": [dataset.name for dataset in index.datasets],
    }


def _with_client(
    cluster: tuple[str, str | None, str | None, Path | None],
    url: str | None,
    done: str,
    run: Callable[[Any, "Location", Callable[[int, int], None]], "Index"],
) -> tuple["Location", "Index", float]:
    """Run it with a client and the location, and show how many partitions are done."""
    from cdktf_dask.backup.default_location import open_location
    from cdktf_dask.client.connecting import connect
    from cdktf_dask.client.progress import Progress

    print_warnings()
    name, region, profile, path = cluster
    found = open_location(name, url, region, profile, path)
    with (
        connect(name, region=region, profile=profile, path=path, set_as_default=False) as client,
        Progress() as progress,
    ):
        started = time.monotonic()
        index = run(client, found, lambda part, total: progress.step(f"{done} {part} of {total} partitions"))
        return found, index, time.monotonic() - started


def _document(name: str, location: "Location", index: "Index", seconds: float) -> dict[str, Any]:
    return {
        "cluster": name,
        "location": location.url,
        "backup": index.id,
        "bytes": index.bytes,
        "seconds": round(seconds, 3),
        "datasets": [
            {"name": one.name, "type": one.type, "partitions": len(one.partitions), "bytes": one.bytes}
            for one in index.datasets
        ],
    }


def _datasets(index: "Index") -> list[str]:
    rows = [(one.name, one.type, len(one.partitions), size(one.bytes)) for one in index.datasets]
    return table(("dataset", "type", "partitions", "size"), *rows)
