"""Check that every worker can spill: it has a limit that its node can hold, and can write enough."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from distributed.comm.addressing import get_address_host

from members import ask_each
from outcome import CheckFailed, Run
from tasks import memory_settings, write_probe
from worker import Worker

LEAST_SPILL = 256 * 2**20
"""Least `max-spill` of use, and the least of a definition (LEAST_BYTES in lib/cluster/amounts.ts)."""

KERNEL_SHARE = 0.1
"""Most that kernel and firmware keep of an instance type's memory: a definition counts it, Dask does not."""


async def spill(run: Run) -> str:
    """Ask every worker process for its settings; write and remove a file in it, as its user."""

    async def ask(worker: Worker) -> dict:
        settings = await run.client.run(memory_settings, workers=[worker.address])
        probe = await run.client.run(write_probe, workers=[worker.address])
        return settings[worker.address] | probe[worker.address]

    answers = await ask_each(run, ask)
    pools = run.expectation.pools if run.expectation else ()
    refuse_no_spill(answers, {pool.name for pool in pools if not pool.spills})
    refuse_too_high_limits(answers)
    return judge_spill(answers)


def refuse_no_spill(answers: Mapping[Worker, Mapping], unlimited: Collection[str] = ()) -> None:
    """Name every worker whose settings keep it from spilling; `unlimited` are pools that have no limits."""
    faults = []
    for worker, answer in answers.items():
        max_spill = answer["max_spill"]
        if answer["limit"] is None:
            if worker.pool not in unlimited:
                faults.append(f"{worker.name} does not spill: it has no memory limit")
        elif not answer["threshold"]:
            faults.append(f"{worker.name} does not spill: memory.target and memory.spill are off")
        elif max_spill is not False and max_spill < LEAST_SPILL:
            faults.append(
                f"{worker.name} may spill {_size(max_spill)} (memory.max-spill), needs {_size(LEAST_SPILL)}"
            )
    if faults:
        raise CheckFailed("; ".join(faults))


def refuse_too_high_limits(answers: Mapping[Worker, Mapping]) -> None:
    """Compare the limits of all workers of a node with the memory that Dask finds there."""
    limits: dict[str, int] = {}
    memory: dict[str, int] = {}
    for worker, answer in answers.items():
        host = get_address_host(worker.address)
        limits[host] = limits.get(host, 0) + (answer["limit"] or 0)
        memory[host] = max(memory.get(host, 0), answer["node"])
    faults = [
        f"the memory limits of the workers at {host} add up to {_size(total)}, it has {_size(memory[host])}"
        for host, total in sorted(limits.items())
        if total * (1 - KERNEL_SHARE) > memory[host]
    ]
    if faults:
        raise CheckFailed("; ".join(faults))


def judge_spill(answers: Mapping[Worker, Mapping]) -> str:
    """Name every worker that cannot write; say where least is free."""
    faults = [
        f"{worker.name} cannot write in {answer['directory']}: {answer['error']}"
        for worker, answer in answers.items()
        if answer["error"]
    ]
    if faults:
        raise CheckFailed("; ".join(faults))
    worker, least = min(answers.items(), key=lambda item: item[1]["free"])
    return (
        f"all workers can write; least is free for {worker.name}: "
        f"{_size(least['free'])} in {least['directory']}"
    )


def _size(count: int) -> str:
    """Bytes for a sentence."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 / 2 else f"{count / 2**20:.0f} MiB"
