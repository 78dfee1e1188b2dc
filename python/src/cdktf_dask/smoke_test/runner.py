"""Runs the checks one after another, each with its own deadline, and always ends the process."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from .outcome import ABSENT, FAILED, PASSED, SKIPPED, CheckFailed, NotApplicable, Outcome, Run
from .report import Report

CANNOT_CONNECT = 3
PROGRESS_SECONDS = 5.0
CLOSE_SECONDS = 2.0
LOST = "the connection to the scheduler was lost"
NOTICE_SECONDS = 0.5
"""Time for the client to detect a lost scheduler after a failed call.

On one host that takes less than 1 ms (measured).
"""

GRACE_SECONDS = 5.0
"""Time that the watchdog waits after the deadline for a regular end."""


@dataclass(frozen=True)
class Check:
    """A check, its limit in seconds, and the maximum fraction of the remaining time that it may use.

    A check that needs workers is absent in a cluster without workers.
    """

    name: str
    function: Callable[[Run], Awaitable[str]]
    seconds: float
    part: float = 1.0
    needs_workers: bool = True


async def run_checks(run: Run, report: Report, timeout: float, checks: tuple[Check, ...]) -> None:
    """Runs the checks in order. A check that times out leaves work on the cluster, so the rest is skipped."""
    ends = time.monotonic() + timeout
    stopped_by = None
    for check in checks:
        if stopped_by:
            report.ended(Outcome(check.name, SKIPPED, 0.0, f"not run, because {stopped_by} failed"))
            continue
        started = time.monotonic()
        limit = max(0.0, min(check.seconds, (ends - started) * check.part))
        status, detail, stop = await run_check(check, run, report, limit)
        report.ended(Outcome(check.name, status, round(time.monotonic() - started, 2), detail))
        stopped_by = check.name if stop else None
    if run.connection and not stopped_by:
        # Prevents a traceback about a lost client in the scheduler's log; nothing here depends on it.
        await asyncio.wait({asyncio.ensure_future(run.connection.close())}, timeout=CLOSE_SECONDS)


async def run_check(check: Check, run: Run, report: Report, limit: float) -> tuple[str, str, bool]:
    """Runs a check. Returns status, detail, and whether to skip the remaining checks."""
    started = time.monotonic()
    if check.needs_workers and not run.workers:
        return ABSENT, "no worker is there", False
    report.current, run.note, run.ends = check.name, "", started + limit
    task = asyncio.ensure_future(check.function(run))
    while not task.done() and (left := run.ends - time.monotonic()) > 0:
        await asyncio.wait({task}, timeout=min(PROGRESS_SECONDS, left))
        if not task.done() and _lost(run):
            task.cancel()
            return FAILED, LOST, True
        if not task.done() and time.monotonic() < run.ends:
            report.running(check.name, time.monotonic() - started, run.note)
    if not task.done():
        # Not awaited: the task may not react to its cancellation either.
        task.cancel()
        return FAILED, f"not done after {limit:.0f} s: {run.note or 'no answer'}", True
    try:
        return PASSED, task.result(), False
    except NotApplicable as absent:
        return ABSENT, str(absent), False
    except asyncio.CancelledError:
        return FAILED, LOST, True
    except Exception as error:
        if await _lost_by_now(run):
            return FAILED, LOST, True
        if isinstance(error, CheckFailed):
            return FAILED, str(error), error.fatal
        # What a worker raised.
        return FAILED, " ".join(f"{type(error).__name__}: {error}".split()), not run.workers


def _lost(run: Run) -> bool:
    """Whether the scheduler is lost. Dask reconnects, but the scheduler has then lost all tasks."""
    return run.connection is not None and run.connection.status != "running"


async def _lost_by_now(run: Run) -> bool:
    """`_lost` after a pause, because a call can fail before the client detects a lost scheduler."""
    await asyncio.sleep(NOTICE_SECONDS if run.connection else 0)
    return _lost(run)


def watch(report: Report, seconds: float) -> None:
    """Ends the process if the deadlines do not, because the event loop hangs."""

    def end() -> None:
        report.ended(
            Outcome(report.current, FAILED, seconds, "hangs: ended by the watchdog, stacks on stderr")
        )
        faulthandler.dump_traceback()
        leave(report)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True)


def leave(report: Report) -> NoReturn:
    """Reports, then ends the process at once: Dask's clean-up may wait for a node that does not answer."""
    report.finish()
    connected = any(outcome.name == "scheduler" and outcome.status == PASSED for outcome in report.outcomes)
    os._exit(0 if report.passed else 1 if connected else CANNOT_CONNECT)
