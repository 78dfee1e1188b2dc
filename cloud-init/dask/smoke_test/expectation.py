"""What the cluster definition promises about its workers, read from the JSON that the definition writes."""

from __future__ import annotations

import json
from dataclasses import dataclass

NTHREADS = "nthreads"
"""A resource amount that stands for the worker's own thread count."""


class ExpectationError(ValueError):
    """Every fault of the expectation file, one a line."""


@dataclass(frozen=True)
class Pool:
    """A pool of worker processes that are all alike."""

    name: str
    kind: str
    resources: dict[str, float | str]
    workers: int
    spills: bool = True
    """Whether its workers have a memory limit, above which they spill."""

    def offer(self, nthreads: int) -> dict[str, float]:
        """What a worker process of this pool with so many threads must offer."""
        return {name: float(nthreads if n == NTHREADS else n) for name, n in self.resources.items()}

    def marker(self) -> dict[str, float]:
        """The resources that send a task to this pool: one of each, or all where there is less than one."""
        return {name: 1.0 if n == NTHREADS else min(1.0, float(n)) for name, n in self.resources.items()}


@dataclass(frozen=True)
class Expectation:
    """Pools, release and Dask version that the cluster must show."""

    cluster: str
    release: str
    dask: str
    pools: tuple[Pool, ...]


def parse(text: str) -> Expectation:
    """Read the JSON text; raises ExpectationError with all faults at once."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ExpectationError(f"not JSON: {error}") from error
    faults: list[str] = []
    if not isinstance(document, dict):
        raise ExpectationError(f"must be an object, is {document!r}")
    _refuse_unknown(document, {"cluster", "release", "dask", "pools"}, "", faults)
    for key in ("cluster", "release", "dask"):
        if not isinstance(document.get(key), str):
            faults.append(f"{key}: must be a string, is {document.get(key)!r}")
    pools = document.get("pools")
    if not isinstance(pools, list) or not pools:
        faults.append(f"pools: must be a list with at least one pool, is {pools!r}")
        pools = []
    parsed = [_pool(pool, f"pools[{i}]", faults) for i, pool in enumerate(pools)]
    names = [pool.name for pool in parsed if pool]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"pools: {name!r} is there {names.count(name)} times, names must differ")
    if faults:
        raise ExpectationError("\n".join(faults))
    return Expectation(
        document["cluster"], document["release"], document["dask"], tuple(p for p in parsed if p)
    )


def _pool(pool: object, path: str, faults: list[str]) -> Pool | None:
    before = len(faults)
    if not isinstance(pool, dict):
        faults.append(f"{path}: must be an object, is {pool!r}")
        return None
    _refuse_unknown(
        pool, {"name", "kind", "resources", "minWorkers", "workers", "spills"}, f"{path}.", faults
    )
    name, kind, resources = pool.get("name"), pool.get("kind"), pool.get("resources", {})
    if not isinstance(name, str) or not name or "--" in name:
        faults.append(f"{path}.name: must be a non-empty string without '--', is {name!r}")
    if kind not in ("cpu", "gpu"):
        faults.append(f"{path}.kind: must be 'cpu' or 'gpu', is {kind!r}")
    if not isinstance(resources, dict):
        faults.append(f"{path}.resources: must be an object, is {resources!r}")
        resources = {}
    for resource, amount in resources.items():
        if amount != NTHREADS and not (_is_number(amount) and amount > 0):
            faults.append(
                f"{path}.resources.{resource}: must be a number above 0 or {NTHREADS!r}, is {amount!r}"
            )
    workers = pool.get("workers", pool.get("minWorkers"))
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 0:
        faults.append(
            f"{path}.workers: must be a whole number, 0 or more (or give minWorkers), is {workers!r}"
        )
    spills = pool.get("spills", True)
    if not isinstance(spills, bool):
        faults.append(f"{path}.spills: must be true or false, is {spills!r}")
    return Pool(name, kind, resources, workers, spills) if len(faults) == before else None


def _refuse_unknown(found: dict, allowed: set[str], prefix: str, faults: list[str]) -> None:
    for key in sorted(found.keys() - allowed):
        faults.append(f"{prefix}{key}: unknown, allowed are {', '.join(sorted(allowed))}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
