"""Expected pools and versions of a cluster, read from JSON that its definition writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NTHREADS = "nthreads"
"""Resource amount that stands for the worker's number of threads."""


class ExpectationError(ValueError):
    """All validation errors of the expectation, one a line."""


@dataclass(frozen=True)
class Pool:
    """Worker processes with the same settings."""

    name: str
    kind: str
    resources: Mapping[str, float | str]
    workers: int
    spills: bool = True
    """Whether its workers have a memory limit, above which they spill."""

    def expected_resources(self, nthreads: int) -> dict[str, float]:
        """Resources that a worker process of this pool must offer, given its number of threads."""
        return {name: float(nthreads if n == NTHREADS else n) for name, n in self.resources.items()}

    def selector(self) -> dict[str, float]:
        """Resources of a task that has to run in this pool: one of each, or all if less than one."""
        return {name: 1.0 if n == NTHREADS else min(1.0, float(n)) for name, n in self.resources.items()}


@dataclass(frozen=True)
class Expectation:
    """Pools, release and Dask version that the cluster must have."""

    cluster: str
    release: str
    dask: str
    pools: tuple[Pool, ...]


def parse(text: str) -> Expectation:
    """Reads the JSON text. Raises ExpectationError with all validation errors."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ExpectationError(f"not JSON: {error}") from error
    errors: list[str] = []
    if not isinstance(document, dict):
        raise ExpectationError(f"must be an object, is {document!r}")
    _check_keys(document, {"cluster", "release", "dask", "pools"}, "", errors)
    for key in ("cluster", "release", "dask"):
        if not isinstance(document.get(key), str):
            errors.append(f"{key}: must be a string, is {document.get(key)!r}")
    pools = document.get("pools")
    if not isinstance(pools, list) or not pools:
        errors.append(f"pools: must be a list with at least one pool, is {pools!r}")
        pools = []
    parsed = [_pool(pool, f"pools[{i}]", errors) for i, pool in enumerate(pools)]
    names = [pool.name for pool in parsed if pool]
    for name in sorted({name for name in names if names.count(name) > 1}):
        errors.append(f"pools: {name!r} is there {names.count(name)} times, names must differ")
    if errors:
        raise ExpectationError("\n".join(errors))
    return Expectation(
        document["cluster"], document["release"], document["dask"], tuple(p for p in parsed if p)
    )


def _pool(pool: object, path: str, errors: list[str]) -> Pool | None:
    before = len(errors)
    if not isinstance(pool, dict):
        errors.append(f"{path}: must be an object, is {pool!r}")
        return None
    _check_keys(pool, {"name", "kind", "resources", "minWorkers", "workers", "spills"}, f"{path}.", errors)
    name: Any = pool.get("name")
    kind: Any = pool.get("kind")
    resources: Any = pool.get("resources", {})
    workers: Any = pool.get("workers", pool.get("minWorkers"))
    if not isinstance(name, str) or not name or "--" in name:
        errors.append(f"{path}.name: must be a non-empty string without '--', is {name!r}")
    if kind not in ("cpu", "gpu"):
        errors.append(f"{path}.kind: must be 'cpu' or 'gpu', is {kind!r}")
    if not isinstance(resources, dict):
        errors.append(f"{path}.resources: must be an object, is {resources!r}")
        resources = {}
    for resource, amount in resources.items():
        if amount != NTHREADS and not (_is_number(amount) and amount > 0):
            errors.append(
                f"{path}.resources.{resource}: must be a number above 0 or {NTHREADS!r}, is {amount!r}"
            )
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 0:
        errors.append(
            f"{path}.workers: must be a whole number, 0 or more (or give minWorkers), is {workers!r}"
        )
    spills = pool.get("spills", True)
    if not isinstance(spills, bool):
        errors.append(f"{path}.spills: must be true or false, is {spills!r}")
    return Pool(name, kind, resources, workers, spills) if len(errors) == before else None


def _check_keys(found: dict[str, object], allowed: set[str], prefix: str, errors: list[str]) -> None:
    for key in sorted(found.keys() - allowed):
        errors.append(f"{prefix}{key}: unknown, allowed are {', '.join(sorted(allowed))}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
