"""Least numbers of nodes that `dask-cluster scale` sets: a file next to the settings of the autoscaler."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cdktf_dask.autoscaler.model import Pool

NAME = "minimum.json"


def with_minimum(pools: Sequence[Pool], file: Path | None) -> list[Pool]:
    """Pools with the numbers of the file, within their limits. A file that cannot be read counts as none."""
    given = read_minimum(file) if file else {}
    return [
        replace(pool, min_size=min(max(pool.min_size, given.get(pool.name, 0)), pool.max_size))
        for pool in pools
    ]


def read_minimum(file: Path) -> dict[str, int]:
    """Numbers of nodes by pool."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        return {str(pool): int(nodes) for pool, nodes in given.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_minimum(file: Path, pool: str, nodes: int) -> None:
    """Set the number of a pool."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(read_minimum(file) | {pool: nodes}), encoding="utf-8")
    new.replace(file)
