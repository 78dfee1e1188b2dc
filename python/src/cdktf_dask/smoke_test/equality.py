"""Check of equal versions: of client, scheduler and workers, and with the release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distributed.versions import get_versions

from .expectation import Expectation
from .outcome import CheckFailed, Run
from .worker import Worker
from .workers import ask_each, scheduler_of

MUST_EQUAL = ("dask", "distributed", "msgpack", "cloudpickle", "tornado", "toolz")
"""Packages that put data or tasks on the wire (`required_packages` of distributed.versions)."""

PROTOCOL = ("python", "dask", "distributed")
"""If these differ, nothing else can be tested: tasks are sent as byte code, and Dask's messages change."""


async def versions(run: Run) -> str:
    """All workers have the versions of client and scheduler, and those are the versions of the release."""

    async def ask(worker: Worker) -> Any:
        answers = await scheduler_of(run.client).broadcast(
            msg={"op": "versions", "packages": []}, workers=[worker.address], on_error="ignore"
        )
        return answers.get(worker.address)

    found = {
        "client": packages_of(get_versions()),
        "scheduler": packages_of(run.scheduler_versions),
    }
    for worker, answer in (await ask_each(run, ask)).items():
        if answer is None:
            raise CheckFailed(f"the scheduler cannot reach worker {worker.name}", fatal=True)
        found[f"worker {worker.name}"] = packages_of(answer)
    check_versions(found, run.expectation)
    return f"dask {found['client']['dask']}, python {found['client']['python']} on all {len(found)}"


def packages_of(versions: Mapping[str, Any]) -> dict[str, str | None]:
    """The versions that must be equal; of Python the first two parts."""
    packages = versions["packages"]
    python = ".".join(packages["python"].split(".")[:2])
    return {"python": python} | {name: packages.get(name) for name in MUST_EQUAL}


def check_versions(
    found: Mapping[str, Mapping[str, str | None]], expectation: Expectation | None = None
) -> None:
    """Fails where versions differ: between processes (`found` has those of each), or from the release."""
    differences = []
    fatal = False
    for package in ("python", *MUST_EQUAL):
        holders: dict[str | None, list[str]] = {}
        for process, packages in found.items():
            holders.setdefault(packages[package], []).append(process)
        if len(holders) > 1:
            shown = (f"{version} on {_short(processes)}" for version, processes in holders.items())
            differences.append(f"{package} differs: {', '.join(shown)}")
            fatal = fatal or package in PROTOCOL
        elif expectation and package in ("dask", "distributed") and expectation.dask not in holders:
            version = next(iter(holders))
            differences.append(
                f"{package} is {version} everywhere, but release {expectation.release} has {expectation.dask}"
            )
    if differences:
        raise CheckFailed("; ".join(differences), fatal=fatal)


def _short(processes: list[str], at_most: int = 4) -> str:
    more = f" and {len(processes) - at_most} more" if len(processes) > at_most else ""
    return " + ".join(processes[:at_most]) + more
