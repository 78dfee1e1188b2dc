"""Check that every worker can write where it spills."""

from __future__ import annotations

from collections.abc import Mapping

from members import ask_each
from outcome import CheckFailed, Run
from tasks import write_probe
from worker import Worker


async def spill(run: Run) -> str:
    """Write and remove a file in every worker process, as its user."""

    async def ask(worker: Worker) -> dict:
        answers = await run.client.run(write_probe, workers=[worker.address])
        return answers[worker.address]

    return judge_spill(await ask_each(run, ask))


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
        f"{least['free'] / 2**30:.1f} GiB in {least['directory']}"
    )
