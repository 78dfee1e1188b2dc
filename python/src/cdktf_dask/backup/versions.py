"""Versions that decide whether a pickle of one cluster can be read in another."""

from collections.abc import Mapping
from typing import Any

from distributed import Client

from cdktf_dask.backup.errors import BackupError
from cdktf_dask.client.versions import differences

PACKAGES = ("python", "dask", "distributed", "cloudpickle", "numpy", "pandas")
"""Packages that Dask compares, without those that only affect messages."""


def versions(client: Client) -> dict[str, str]:
    """Versions of the scheduler, whose lockfile is that of the workers; of Python the first two parts."""
    answer: Any = client.get_versions()
    packages = answer["scheduler"]["packages"]
    found = {name: str(packages[name]) for name in PACKAGES if packages.get(name)}
    return found | {"python": ".".join(found["python"].split(".")[:2])}


def check_versions(backup: str, then: Mapping[str, str], client: Client) -> None:
    """Compare the versions of a backup with those of a cluster.

    Raises:
        BackupError: they differ, so pickles may not load, or load as other values.
    """
    now = versions(client)
    different = differences(then, {"the cluster": now})
    if different:
        raise BackupError(
            f"the backup {backup} is of another release: {different.replace(' here,', ' in the backup,')}",
            "restore it onto a cluster with its release, and write what you need as Parquet or Zarr there",
        )
