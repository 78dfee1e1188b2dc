"""Stands for CuPy on a node with one GPU, as far as the smoke test uses it. Computes without a GPU.

SMOKE_DOUBLE_GPU=wrong makes it a GPU that miscalculates.
"""

import os
from types import SimpleNamespace

int64 = "int64"


class _Array(list):
    def sum(self):
        return sum(self) + (os.environ.get("SMOKE_DOUBLE_GPU") == "wrong")


def arange(n, dtype):
    assert dtype == int64
    return _Array(range(n))


class ElementwiseKernel:
    def __init__(self, in_params, out_params, operation, name):
        assert (in_params, out_params, operation) == ("int64 x", "int64 y", "y = x * x")

    def __call__(self, array):
        return _Array(x * x for x in array)


cuda = SimpleNamespace(
    Device=lambda: SimpleNamespace(id=0),
    runtime=SimpleNamespace(getDeviceProperties=lambda device: {"name": b"Double of a GPU"}),
)
