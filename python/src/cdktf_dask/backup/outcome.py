"""Waits for tasks, and reports in one sentence why one of them did not finish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from distributed import Client, Future, as_completed

from cdktf_dask.backup.errors import BackupError

Place = tuple[str, int]
"""Name of a dataset, and number of a partition."""


def wait_for(
    client: Client, tasks: Mapping[Future[Any], Place], progress: Callable[[int, int], None], hint: str
) -> None:
    """Return once all tasks are done.

    Args:
        client: Client of the tasks. After a failure, it cancels the others.
        tasks: What each task reads or writes.
        progress: Called with the number of finished tasks, and of all.
        hint: What the user can do about a failure.

    Raises:
        BackupError: a task failed, or lost what it needs.
    """
    try:
        for done, task in enumerate(as_completed(list(tasks), loop=client.loop), 1):
            name, number = tasks[task]
            where = f"partition {number} of the dataset {name!r}"
            if task.status == "error":
                raise BackupError(f"{where} failed: {_cause(task.exception())}", hint)
            if task.status != "finished":
                raise BackupError(f"{where} was lost with its worker", hint)
            progress(done, len(tasks))
    except BaseException:
        client.cancel(list(tasks), force=True)
        raise


def _cause(error: Any) -> str:
    """Sentences of tasks stand for themselves; other errors have their type."""
    text = str(error).partition("\n")[0].rstrip(".")
    return text if type(error) is RuntimeError else f"{type(error).__name__}: {text}"
