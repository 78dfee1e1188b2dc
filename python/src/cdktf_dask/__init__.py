"""Python of cdktf-dask: what users and nodes of a Dask cluster run."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdktf_dask.client.connecting import connect
    from cdktf_dask.client.errors import ConnectError, VersionsDiffer

__all__ = ["ConnectError", "VersionsDiffer", "connect"]

_MODULES = {"ConnectError": "errors", "VersionsDiffer": "errors", "connect": "connecting"}


def __getattr__(name: str) -> Any:
    """Import what clients use only when they use it: nodes have little of `cdktf_dask.client`."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"cdktf_dask.client.{_MODULES[name]}"), name)
