"""Datasets of each type that can be published, and their values."""

from typing import Any

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, Future


def publish(client: Client, *names: str) -> None:
    """Publish datasets of these names; without a name, all."""
    array = client.persist(da.arange(4000, chunks=1000).reshape(400, 10))
    table = pd.DataFrame({"a": range(100), "b": [f"v{number % 7}" for number in range(100)]})
    frame = client.persist(dd.from_pandas(table, npartitions=4))
    future = client.submit(sum, [1, 2, 3])
    datasets = {
        "array": array,
        "array-0d": client.persist(array.sum()),
        "array-fortran": client.submit(np.asfortranarray, np.arange(1e6).reshape(1000, 1000)),
        "array-unknown": client.persist(array[array > 2000]),
        "bag": client.persist(db.from_sequence(range(100), npartitions=4).map(str)),
        "delayed": client.persist(dask.delayed(len)("text")),
        "frame": frame,
        "future": future,
        "futures": client.map(str, range(5)),
        "lazy": array + 1,
        "mixed": {"number": 3, "nested": [future, array]},
        "plain": {"text": "hello"},
        "scalar": client.persist(frame.a.sum()),
        "series": client.persist(frame.b),
    }
    for name, value in datasets.items():
        if not names or name in names:
            client.publish_dataset(value, name=name)


PARTITIONS = {
    "array": 4,
    "array-0d": 1,
    "array-fortran": 1,
    "array-unknown": 4,
    "bag": 4,
    "delayed": 1,
    "frame": 4,
    "future": 1,
    "futures": 5,
    "lazy": 4,
    "mixed": 5,
    "plain": 0,
    "scalar": 1,
    "series": 4,
}
"""How many objects the backup of each dataset has, without its recipe."""


def values(client: Client) -> dict[str, Any]:
    """Type and value of each published dataset, comparable by `==`."""
    found = {}
    for name in client.list_datasets():
        dataset = client.get_dataset(name)
        about = [repr(getattr(dataset, one, None)) for one in ("chunks", "divisions")]
        about = about if name.startswith(("array", "frame", "series")) else []
        found[name] = (type(dataset).__name__, *about, _plain(client, dataset))
    return found


def _plain(client: Client, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(client, one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(client, one) for key, one in value.items()}
    if isinstance(value, Future):
        return _plain(client, value.result(30))
    if dask.is_dask_collection(value):
        return _plain(client, client.compute(value, sync=True))
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.flags.f_contiguous, value.tolist())
    if isinstance(value, pd.DataFrame | pd.Series):
        return (str(value.dtypes), value.to_dict())
    return value
