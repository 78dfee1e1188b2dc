"""Recipe of a dataset: the published object as a pickle, with numbers in the place of its futures.

Dask itself publishes collections as pickles with futures in their graphs. A recipe is the same pickle, so it
has whatever can be published: collections of each type, futures in containers, plain values.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

import cloudpickle
from distributed import Future
from distributed.client import futures_of

from cdktf_dask.backup.errors import BackupError


def _expression() -> Any:
    """Class of Dask's expressions; none for Dask before 2025, which reduces them as `_Pickler` does."""
    try:
        from dask._expr import Expr
    except ImportError:
        return None
    return Expr


EXPRESSION = _expression()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.futures: dict[Any, Future[Any]] = {}
        self._numbers: dict[Any, int] = {}

    def persistent_id(self, found: Any) -> int | None:
        if not isinstance(found, Future):
            return None
        self.futures.setdefault(found.key, found)
        number: int = self._numbers.setdefault(found.key, len(self._numbers))
        return number

    def reducer_override(self, found: Any) -> Any:
        # Dask's own reduction keeps the name of an expression. Python then has only one object of the name,
        # so an expression with other futures would become the one that this process still has.
        if EXPRESSION and isinstance(found, EXPRESSION):
            return type(found), tuple(found.operands)
        return super().reducer_override(found)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, futures: Sequence[Future[Any]]) -> None:
        super().__init__(file)
        self._futures = list(futures)

    def persistent_load(self, number: int) -> Future[Any]:
        return self._futures[number]


def dump(name: str, value: Any) -> tuple[bytes, list[Future[Any]]]:
    """Pickle a published object.

    Args:
        name: Name of the dataset, for errors.
        value: What was published.

    Returns:
        The recipe, and the futures in the order of their numbers.

    Raises:
        BackupError: it cannot be pickled, or has futures where they cannot be replaced.
    """
    file = io.BytesIO()
    pickler = _Pickler(file)
    try:
        pickler.dump(value)
    except Exception as error:
        hint = f"publish its data as another type, or leave {name!r} out by --dataset"
        raise BackupError(
            f"the dataset {name!r} cannot be pickled ({type(error).__name__}: {error})", hint
        ) from error
    hidden = {future.key for future in futures_of(value)} - set(pickler.futures)
    if hidden:
        raise BackupError(
            f"the dataset {name!r} of type {type(value).__name__} has {len(hidden)} futures that are already "
            "serialized",
            f"publish them as a list of futures, or leave {name!r} out by --dataset",
        )
    return file.getvalue(), list(pickler.futures.values())


def load(name: str, recipe: bytes, futures: Sequence[Future[Any]]) -> Any:
    """Rebuild an object from its recipe, with other futures. It runs code of the recipe.

    Raises:
        BackupError: it cannot be unpickled.
    """
    try:
        return _Unpickler(io.BytesIO(recipe), futures).load()
    except Exception as error:
        hint = "install the packages that its types come from"
        raise BackupError(
            f"the recipe of the dataset {name!r} cannot be unpickled ({type(error).__name__}: {error})", hint
        ) from error
