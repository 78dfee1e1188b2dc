"""Compares the packages of client and cluster. With other versions, errors of Dask do not name the cause."""

import asyncio
import warnings
from collections.abc import Mapping
from typing import Any, Literal

from distributed import Client, Security
from distributed.versions import get_versions

from cdktf_dask.client.ask import ANSWER_SECONDS, ask_scheduler
from cdktf_dask.client.errors import VersionsDiffer
from cdktf_dask.node.names import pool_of
from cdktf_dask.smoke_test.by_value import ByValue

Check = Literal["warn"] | bool
"""What to do about other versions of Python, dask or distributed: True is an error."""

Packages = Mapping[str, str]

PROTOCOL = ("python", "dask", "distributed")
"""With other versions of these, tasks and messages cannot be read."""

MAX_NAMED = 6


@ByValue
def installed() -> dict[str, str]:
    """Versions of all packages of this Python. Runs on the scheduler and on workers, with its code."""
    import re
    from importlib.metadata import distributions

    # The first one of a name is the one that Python imports.
    return {
        re.sub("[-_.]+", "-", found.name).lower(): found.version
        for found in reversed(list(distributions()))
        if found.name
    }


def check_protocol(cluster: str, address: str, security: Security, check: Check) -> bool:
    """Compare Python, dask and distributed with those of the scheduler, before a client connects.

    Returns:
        Whether they are equal. Only then can functions be sent.

    Raises:
        VersionsDiffer: they are not, and `check` is True.
        ConnectError: the scheduler does not answer.
    """
    answer = ask_scheduler(address, security, lambda scheduler: scheduler.versions(packages=[]))
    here, there = _protocol(get_versions()), _protocol(answer)
    different = differences(here, {"the scheduler": there})
    if different:
        hint = f"make an environment with the cluster's versions: npx cdktf-dask client {cluster}"
        mismatch = VersionsDiffer(f"versions differ from those of {cluster}: {different}", hint)
        if check is True:
            raise mismatch
        warnings.warn(str(mismatch), stacklevel=2)
    return not different


def check_packages(cluster: str, client: Client) -> str:
    """Compare all packages that this Python and the cluster share, and warn in one line if some differ.

    Returns:
        What differs, for a sentence; empty if nothing does.
    """
    try:
        there = client.sync(_ask_cluster, client, callback_timeout=2 * ANSWER_SECONDS)
    except Exception as error:
        warnings.warn(f"the packages of {cluster} cannot be compared: {error}", stacklevel=2)
        return ""
    different = differences(installed(), there)
    if different:
        hint = f"make an environment with the cluster's versions: npx cdktf-dask client {cluster}"
        warnings.warn(f"versions differ from those of {cluster}: {different}. Hint: {hint}", stacklevel=2)
    return different


def differences(here: Packages, there: Mapping[str, Packages]) -> str:
    """Name the packages whose versions differ, such as `numpy 2.4.6 here, 2.4.5 on the scheduler`."""
    lines = []
    for package in sorted(here):
        holders: dict[str, list[str]] = {}
        for process, packages in there.items():
            if package in packages and packages[package] != here[package]:
                holders.setdefault(packages[package], []).append(process)
        if holders:
            others = ", ".join(
                f"{version} on {' and '.join(processes)}" for version, processes in holders.items()
            )
            lines.append(f"{package} {here[package]} here, {others}")
    more = f"; and {len(lines) - MAX_NAMED} more packages" if len(lines) > MAX_NAMED else ""
    return "; ".join(lines[:MAX_NAMED]) + more


async def _ask_cluster(client: Client) -> dict[str, Packages]:
    """Packages of the scheduler and of one worker of each pool; processes that do not answer are left out."""
    scheduler: Any = client.scheduler
    workers = (await scheduler.identity())["workers"]
    pools = {pool_of(worker["name"]): address for address, worker in workers.items()}
    questions = {"the scheduler": _on_scheduler(client)}
    questions |= {f"pool {pool}": _on_worker(client, address) for pool, address in pools.items()}
    limited = (asyncio.wait_for(question, ANSWER_SECONDS) for question in questions.values())
    answers = await asyncio.gather(*limited, return_exceptions=True)
    return {
        process: answer
        for process, answer in zip(questions, answers, strict=True)
        if isinstance(answer, dict)
    }


async def _on_scheduler(client: Client) -> Any:
    return await client._run_on_scheduler(installed)


async def _on_worker(client: Client, address: str) -> Any:
    answers: Any = await client._run(installed, workers=[address], on_error="ignore")
    return answers.get(address)


def _protocol(versions: Mapping[str, Any]) -> dict[str, str]:
    """Versions of `PROTOCOL`; of Python the first two parts."""
    found = {package: str(versions["packages"][package]) for package in PROTOCOL}
    return found | {"python": ".".join(found["python"].split(".")[:2])}
