"""Check of equal versions: of client, scheduler and workers, and with the release."""

from __future__ import annotations

from collections.abc import Mapping

from distributed.versions import get_versions

from expectation import Expectation
from members import ask_each
from outcome import CheckFailed, Run
from worker import Worker

MUST_EQUAL = ("dask", "distributed", "msgpack", "cloudpickle", "tornado", "toolz")
"""Packages that put data or tasks on the wire (`required_packages` of distributed.versions)."""

PROTOCOL = ("python", "dask", "distributed")
"""Where these differ nothing else can be tested: tasks travel as byte code, and Dask's messages change."""


async def versions(run: Run) -> str:
    """Every worker has the versions of client and scheduler, and all have those of the release."""

    async def ask(worker: Worker) -> dict | None:
        answers = await run.client.scheduler.broadcast(
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
    refuse_differing_versions(found, run.expectation)
    return f"dask {found['client']['dask']}, python {found['client']['python']} on all {len(found)}"


def packages_of(versions: Mapping) -> dict[str, str | None]:
    """The versions that must be equal; of Python the first two parts."""
    packages = versions["packages"]
    python = ".".join(packages["python"].split(".")[:2])
    return {"python": python} | {name: packages.get(name) for name in MUST_EQUAL}


def refuse_differing_versions(
    found: Mapping[str, Mapping[str, str | None]], expectation: Expectation | None = None
) -> None:
    """`found` maps each process to its versions."""
    faults = []
    fatal = False
    for package in ("python", *MUST_EQUAL):
        holders: dict[str | None, list[str]] = {}
        for process, packages in found.items():
            holders.setdefault(packages[package], []).append(process)
        if len(holders) > 1:
            shown = (f"{version} on {_short(processes)}" for version, processes in holders.items())
            faults.append(f"{package} differs: {', '.join(shown)}")
            fatal = fatal or package in PROTOCOL
        elif expectation and package in ("dask", "distributed") and expectation.dask not in holders:
            version = next(iter(holders))
            faults.append(
                f"{package} is {version} everywhere, but release {expectation.release} has {expectation.dask}"
            )
    if faults:
        raise CheckFailed("; ".join(faults), fatal=fatal)


def _short(processes: list[str], at_most: int = 4) -> str:
    more = f" and {len(processes) - at_most} more" if len(processes) > at_most else ""
    return " + ".join(processes[:at_most]) + more
