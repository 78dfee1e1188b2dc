"""`backup`: published datasets, written to a location by the workers that have them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from distributed import Client, Future

from cdktf_dask.backup import recipes
from cdktf_dask.backup.errors import BackupError
from cdktf_dask.backup.index import Dataset, Index, Object
from cdktf_dask.backup.location import Location
from cdktf_dask.backup.outcome import wait_for
from cdktf_dask.backup.tasks import write_partition
from cdktf_dask.backup.versions import versions

INTERRUPTED_HOURS = 24
"""A backup without an index is interrupted once it is this old; before, a client may still write it."""

HINT = "publish the dataset again, or leave it out by --dataset with the names of the others"


@dataclass(frozen=True)
class _Published:
    name: str
    type: str
    recipe: bytes
    futures: list[Future[Any]]


def backup(
    client: Client,
    location: Location,
    names: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """Write published datasets to a location.

    Each partition is pickled by a worker that has it; spilled ones are read from its disk. Futures that are
    still being computed are waited for. The index is written last.

    Args:
        client: Client of the cluster.
        location: Where to.
        names: Datasets; by default all.
        progress: Called with the number of written partitions, and of all.

    Returns:
        The index.

    Raises:
        BackupError: a dataset cannot be written. There is no backup then.
    """
    location.check_writers()
    published = [_fetch(client, name) for name in _choose(client, names)]
    id = f"{_time(datetime.now(UTC))}-{secrets.token_hex(2)}"
    location.create(id)
    try:
        index = Index(id, versions(client), _write(client, location, id, published, progress))
        _check_sizes(location, index)
        location.complete(index)
    except BaseException:
        with suppress(BackupError):
            location.delete(id)
        raise
    return index


def prune(location: Location, keep: int) -> list[str]:
    """Delete backups except the newest ones, and interrupted ones that are older than these and than a day.

    Args:
        location: Where the backups are.
        keep: How many whole backups to keep.

    Returns:
        Ids of the deleted backups.
    """
    whole = location.whole()
    if not whole:
        return []
    oldest_kept = whole[-keep:][0]
    limit = min(oldest_kept, _time(datetime.now(UTC) - timedelta(hours=INTERRUPTED_HOURS)))
    interrupted = [one for one in location.started() if one not in whole and one < limit]
    old = sorted([*whole[:-keep], *interrupted])
    for one in old:
        location.delete(one)
    return old


def _time(time: datetime) -> str:
    """Begin of the ids of that time; ids sort by time."""
    return f"{time:%Y%m%dT%H%M%SZ}"


def _choose(client: Client, names: Sequence[str]) -> list[str]:
    found = client.list_datasets()
    if not found:
        hint = "publish what to keep: client.publish_dataset(prices=prices)"
        raise BackupError("the cluster has no published datasets", hint)
    for name in names or found:
        if name not in found:
            raise BackupError(f"no dataset {name!r} is published", f"published are: {_listed(found)}")
        if not isinstance(name, str):
            raise BackupError(
                f"the dataset {name!r} has a name of type {type(name).__name__}, expected a text",
                "publish it under a text, or leave it out by --dataset with the names of the others",
            )
    return list(dict.fromkeys(names or found))


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(repr(name) for name in names)


def _fetch(client: Client, name: str) -> _Published:
    try:
        value = client.get_dataset(name)
    except Exception as error:
        hint = "install the packages that its types come from, in the client's environment"
        raise BackupError(
            f"the dataset {name!r} cannot be fetched ({type(error).__name__}: {error})", hint
        ) from error
    recipe, futures = recipes.dump(name, value)
    kind = type(value)
    return _Published(name, f"{kind.__module__}.{kind.__qualname__}", recipe, futures)


def _write(
    client: Client,
    location: Location,
    id: str,
    published: Sequence[_Published],
    progress: Callable[[int, int], None],
) -> list[Dataset]:
    resources = _resources(client, [future for one in published for future in one.futures])
    tasks = {}
    for number, one in enumerate(published):
        for part, future in enumerate(one.futures):
            resource = resources.get(future.key, "")
            task = client.submit(
                write_partition,
                future,
                location.folder(id),
                f"{number}-{part}",
                key=f"backup-{id}-{number}-{part}",
                pure=False,
                # Work stealing must not move the data of a GPU to a worker without one.
                resources={resource: 1} if resource else None,
            )
            tasks[task] = (one.name, part)
    wait_for(client, tasks, progress, HINT)
    written: dict[str, list[Object]] = {one.name: [] for one in published}
    answers: Any = client.gather(list(tasks))
    for (name, part), answer, future in zip(
        tasks.values(), answers, (future for one in published for future in one.futures), strict=True
    ):
        if "fault" in answer:
            raise BackupError(f"partition {part} of the dataset {name!r} {answer['fault']}", HINT)
        written[name].append(Object(**answer, resource=resources.get(future.key, "")))
    datasets = []
    for number, one in enumerate(published):
        recipe = Object(f"{number}.recipe", hashlib.sha256(one.recipe).hexdigest(), len(one.recipe))
        location.write(id, recipe.file, one.recipe)
        datasets.append(Dataset(one.name, one.type, recipe, written[one.name]))
    return datasets


def _resources(client: Client, futures: Sequence[Future[Any]]) -> dict[Any, str]:
    """Resource of the worker that has each future, such as `CPU` or `GPU`, by key; none for the others."""
    workers = client.scheduler_info()["workers"]
    found = {}
    for key, holders in client.who_has(futures).items():
        names = [name for holder in holders for name in workers.get(holder, {}).get("resources", {})]
        if names:
            found[key] = names[0]
    return found


def _check_sizes(location: Location, index: Index) -> None:
    """Compare what the location has with what workers wrote: their folder may be on another computer."""
    sizes = location.sizes(index.id)
    for one in index.objects():
        if sizes.get(one.file) != one.bytes:
            found = f"{sizes[one.file]} bytes" if one.file in sizes else "nothing"
            raise BackupError(
                f"{location.folder(index.id)}/{one.file}: got {found}, expected the {one.bytes} bytes that a "
                "worker wrote",
                "use a location that client and workers share",
            )
