"""Functions that are sent to the workers with their code, because this package is not installed there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import cloudpickle

P = ParamSpec("P")
R = TypeVar("R")


class ByValue(Generic[P, R]):
    """Decorator: pickles the function by value; unpickled, it is the plain function.

    `cloudpickle.register_pickle_by_value` is not enough: Dask pickles the graph of submitted tasks with
    `pickle`, which sends functions by name and ignores that registry.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function
        # Dask names tasks after the function.
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        # By value: in its module, the function's name stands for this wrapper.
        return cloudpickle.loads, (cloudpickle.dumps(self.function),)
