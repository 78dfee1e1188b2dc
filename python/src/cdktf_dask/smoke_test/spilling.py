"""Check that every worker can spill: its memory limit fits its node, and it can write to its disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from distributed.comm.addressing import get_address_host

from .outcome import CheckFailed, Run
from .tasks import MemorySettings, WriteProbe, memory_settings, write_probe
from .worker import Worker
from .workers import ask_each

MIN_SPILL = 256 * 2**20
"""Smallest useful `max-spill`, in bytes; that of a definition (MIN_BYTES in lib/config/amounts.ts)."""

KERNEL_SHARE = 0.1
"""Largest share of an instance's memory that kernel and firmware use: definitions count it, Dask does not."""


async def spill(run: Run) -> str:
    """Asks every worker process for its settings; writes and removes a file in it, as its user."""

    async def ask(worker: Worker) -> tuple[MemorySettings, WriteProbe]:
        settings = await run.client.run(memory_settings, workers=[worker.address])
        probe = await run.client.run(write_probe, workers=[worker.address])
        return settings[worker.address], probe[worker.address]

    answers = await ask_each(run, ask)
    settings = {worker: answer for worker, (answer, _) in answers.items()}
    pools = run.expectation.pools if run.expectation else ()
    check_spilling(settings, {pool.name for pool in pools if not pool.spills})
    check_memory_limits(settings)
    return judge_spill({worker: probe for worker, (_, probe) in answers.items()})


def check_spilling(settings: Mapping[Worker, MemorySettings], unlimited: Collection[str] = ()) -> None:
    """Names every worker whose settings keep it from spilling; `unlimited` are pools without limits."""
    errors = []
    for worker, answer in settings.items():
        max_spill = answer["max_spill"]
        if answer["limit"] is None:
            if worker.pool not in unlimited:
                errors.append(f"{worker.name} does not spill: it has no memory limit")
        elif not answer["threshold"]:
            errors.append(f"{worker.name} does not spill: memory.target and memory.spill are off")
        elif max_spill is not False and max_spill < MIN_SPILL:
            errors.append(
                f"{worker.name} may spill {_size(max_spill)} (memory.max-spill), needs {_size(MIN_SPILL)}"
            )
    if errors:
        raise CheckFailed("; ".join(errors))


def check_memory_limits(settings: Mapping[Worker, MemorySettings]) -> None:
    """Compares the limits of all workers of a node with the memory that Dask finds there."""
    limits: dict[str, int] = {}
    memory: dict[str, int] = {}
    for worker, answer in settings.items():
        host = get_address_host(worker.address)
        limits[host] = limits.get(host, 0) + (answer["limit"] or 0)
        memory[host] = max(memory.get(host, 0), answer["node"])
    errors = [
        f"the memory limits of the workers at {host} add up to {_size(total)}, it has {_size(memory[host])}"
        for host, total in sorted(limits.items())
        if total * (1 - KERNEL_SHARE) > memory[host]
    ]
    if errors:
        raise CheckFailed("; ".join(errors))


def judge_spill(answers: Mapping[Worker, WriteProbe]) -> str:
    """Names every worker that cannot write; otherwise reports where least is free."""
    errors = [
        f"{worker.name} cannot write in {answer['directory']}: {answer['error']}"
        for worker, answer in answers.items()
        if answer["error"]
    ]
    if errors:
        raise CheckFailed("; ".join(errors))
    worker, least = min(answers.items(), key=lambda item: item[1]["free"])
    return (
        f"all workers can write; least is free for {worker.name}: "
        f"{_size(least['free'])} in {least['directory']}"
    )


def _size(count: int) -> str:
    """Bytes for a sentence."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 / 2 else f"{count / 2**20:.0f} MiB"
