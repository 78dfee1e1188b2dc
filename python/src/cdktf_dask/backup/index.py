"""Index of a backup: its datasets, and size and SHA-256 of each of their objects.

It is written last, so a backup without an index is not whole. It has a checksum of itself.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class Object:
    """A pickle in the folder of the backup."""

    file: str
    sha256: str
    bytes: int
    resource: str = ""
    """Resource of the worker that wrote it, such as `GPU`; a worker with the same one reads it."""


@dataclass(frozen=True)
class Dataset:
    """A published dataset."""

    name: str
    type: str
    """For people, such as `dask.array.core.Array`."""
    recipe: Object
    partitions: list[Object]

    @property
    def bytes(self) -> int:
        return self.recipe.bytes + sum(partition.bytes for partition in self.partitions)


@dataclass(frozen=True)
class Index:
    """A whole backup."""

    id: str
    """Time of its begin and a random suffix, such as `20261126T154634Z-1a2b`; sorts by time."""
    versions: Mapping[str, str]
    """Of the packages that decide whether pickles can be read."""
    datasets: list[Dataset]

    @property
    def bytes(self) -> int:
        return sum(dataset.bytes for dataset in self.datasets)

    def objects(self) -> list[Object]:
        """All pickles."""
        return [one for dataset in self.datasets for one in (dataset.recipe, *dataset.partitions)]

    def to_json(self) -> str:
        """JSON with the checksum."""
        document = {"format": FORMAT, **asdict(self)}
        return json.dumps({**document, "sha256": _checksum(document)}, indent=1) + "\n"


def parse_index(text: bytes) -> Index:
    """Read an index.

    Raises:
        ValueError: it is truncated, has changed, or is of another format.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"it is not an index of format {FORMAT}")
    if document.pop("sha256", None) != _checksum(document):
        raise ValueError("its content does not match its checksum")
    datasets = [
        Dataset(
            one["name"], one["type"], Object(**one["recipe"]), [Object(**part) for part in one["partitions"]]
        )
        for one in document["datasets"]
    ]
    return Index(document["id"], document["versions"], datasets)


def _checksum(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
