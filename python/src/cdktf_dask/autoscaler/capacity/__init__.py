"""Providers of nodes: Auto Scaling groups, local programs, and doubles of tests."""

from collections.abc import Mapping
from typing import Any, Protocol

from cdktf_dask.autoscaler.model import Capacity as PoolCapacity
from cdktf_dask.autoscaler.settings import SettingsError


class CapacityError(RuntimeError):
    """The provider does not answer, or refuses a change. Its text is one sentence."""


class Capacity(Protocol):
    """Provider of the nodes of all pools. Several threads call it; it raises `CapacityError`."""

    def state(self) -> Mapping[str, PoolCapacity]:
        """Capacity of each pool by its name."""

    def grow(self, pool: str, to: int) -> None:
        """Raise the number of nodes of a pool. Never lowers it."""

    def lower(self, pool: str, to: int) -> None:
        """Lower the number by nodes that do not exist yet. Ends no node."""

    def end(self, pool: str, node: str) -> None:
        """End a drained node, and lower the number by one. `node` is a name as in the snapshot."""

    def replace(self, pool: str, node: str) -> None:
        """End a node without workers. Another one starts in its place, if it is needed."""


def capacity_of(settings: Mapping[str, Any]) -> Capacity:
    """Make the provider of the settings.

    Raises:
        SettingsError: the kind is unknown.
    """
    # A node has only what its provider needs: no boto3 on a laptop, no client of the supervisor on AWS.
    if settings.get("kind") == "local":
        from cdktf_dask.autoscaler.capacity.local import LocalCapacity

        return LocalCapacity.of(settings)
    if settings.get("kind") == "aws":
        from cdktf_dask.autoscaler.capacity.aws import AwsCapacity

        return AwsCapacity.of(settings)
    raise SettingsError(f"capacity.kind: got {settings.get('kind')!r}, expected aws or local")
