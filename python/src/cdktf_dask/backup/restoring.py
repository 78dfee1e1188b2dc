"""`restore`: publishes the datasets of a backup again, on another cluster or the same one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from distributed import Client, Future
from distributed.client import futures_of

from cdktf_dask.backup import recipes
from cdktf_dask.backup.errors import BackupError
from cdktf_dask.backup.index import Dataset, Index
from cdktf_dask.backup.location import Location
from cdktf_dask.backup.outcome import wait_for
from cdktf_dask.backup.tasks import read_partition
from cdktf_dask.backup.versions import check_versions

HINT = "choose another backup, or the other datasets by --dataset"


def restore(
    client: Client,
    location: Location,
    id: str | None = None,
    names: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """Load datasets of a backup, and publish them under their names. This runs code of the backup.

    Nothing is published unless all datasets are loaded. As long as they are published, workers that replace
    lost ones read the location again.

    Args:
        client: Client of the cluster.
        location: Where the backup is.
        id: The backup; by default the newest whole one.
        names: Datasets; by default all.
        progress: Called with the number of loaded partitions, and of all.

    Returns:
        The index, with the datasets that were published.

    Raises:
        BackupError: the backup is damaged or of another release, a name is published, or a partition
            cannot be loaded. Nothing is published then.
    """
    location.check_writers()
    index = _choose(location, id, names)
    check_versions(index.id, index.versions, client)
    _check_names(client, index)
    _check_sizes(location, index)
    found = {one.name: _recipe(location, index.id, one) for one in index.datasets}
    loaded = _load(client, location, index, progress)
    values = {name: recipes.load(name, recipe, loaded[name]) for name, recipe in found.items()}
    for name, value in values.items():
        if {future.key for future in futures_of(value)} - {future.key for future in loaded[name]}:
            raise BackupError(f"the recipe of the dataset {name!r} has futures of another cluster", HINT)
    _publish(client, values)
    return index


def _choose(location: Location, id: str | None, names: Sequence[str]) -> Index:
    if id is None:
        whole = location.whole()
        if not whole:
            hint = "make one: dask-cluster backup, or name another location"
            raise BackupError(f"{location.url} has no whole backup", hint)
        id = whole[-1]
    index = location.index(id)
    available = {one.name: one for one in index.datasets}
    for name in names:
        if name not in available:
            hint = f"it has: {', '.join(map(repr, available))}"
            raise BackupError(f"the backup {id} has no dataset {name!r}", hint)
    chosen = [one for one in index.datasets if not names or one.name in names]
    return Index(index.id, index.versions, chosen)


def _check_names(client: Client, index: Index) -> None:
    published = set(client.list_datasets())
    taken = [one.name for one in index.datasets if one.name in published]
    if taken:
        raise BackupError(
            f"already published: {', '.join(map(repr, taken))}",
            "unpublish them (client.unpublish_dataset), or restore the others by --dataset",
        )


def _check_sizes(location: Location, index: Index) -> None:
    sizes = location.sizes(index.id)
    for one in index.objects():
        if one.file not in sizes:
            raise BackupError(f"{location.folder(index.id)}/{one.file} is missing", HINT)
        if sizes[one.file] != one.bytes:
            reason = (
                f"{location.folder(index.id)}/{one.file} has {sizes[one.file]} bytes, expected {one.bytes}"
            )
            raise BackupError(reason, HINT)


def _recipe(location: Location, id: str, dataset: Dataset) -> bytes:
    data = location.read(id, dataset.recipe.file)
    found = hashlib.sha256(data).hexdigest()
    if found != dataset.recipe.sha256:
        raise BackupError(
            f"{location.folder(id)}/{dataset.recipe.file} has the SHA-256 {found}, "
            f"expected {dataset.recipe.sha256}",
            HINT,
        )
    return data


def _load(
    client: Client, location: Location, index: Index, progress: Callable[[int, int], None]
) -> dict[str, list[Future[Any]]]:
    # New keys: data of the same name that the cluster has must not stand in for what is read here.
    prefix = f"restore-{index.id}-{secrets.token_hex(4)}"
    workers = client.scheduler_info()["workers"].values()
    offered = {resource for worker in workers for resource in worker["resources"]}
    tasks = {}
    loaded: dict[str, list[Future[Any]]] = {one.name: [] for one in index.datasets}
    for number, one in enumerate(index.datasets):
        for part, found in enumerate(one.partitions):
            task = client.submit(
                read_partition,
                f"{location.folder(index.id)}/{found.file}",
                found.sha256,
                found.bytes,
                key=f"{prefix}-{number}-{part}",
                pure=False,
                resources={found.resource: 1} if found.resource in offered else None,
            )
            tasks[task] = (one.name, part)
            loaded[one.name].append(task)
    wait_for(client, tasks, progress, HINT)
    return loaded


def _publish(client: Client, values: dict[str, object]) -> None:
    """Publish all or, if a name was published in the meantime, none."""
    done: list[str] = []
    try:
        for name, value in values.items():
            client.publish_dataset(value, name=name)
            done.append(name)
    except BaseException as error:
        for name in done:
            with suppress(Exception):
                client.unpublish_dataset(name)
        if not isinstance(error, Exception):
            raise
        text = str(error).strip("'\"")
        raise BackupError(f"the datasets cannot be published ({text})", "restore again") from error
