"""Smoke test of a Dask cluster: checks that it works as its definition requires.

Run it in an environment with the cluster's release, from any computer that can reach the scheduler:

    DASK_CONFIG=~/.dask/prod/dask.yaml dask-smoke-test
    python -m cdktf_dask.smoke_test tcp://scheduler:8786 --expect expectation.json

Exit code: 0 all checks passed or their subject is absent, 1 a check failed, 2 wrong usage, 3 cannot connect.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import NoReturn

from . import computing, connection, equality, membership, scheduling, spilling
from .expectation import Expectation, ExpectationError, parse
from .options import read_options
from .outcome import Run
from .report import Report
from .runner import GRACE_SECONDS, Check, leave, run_checks, watch

WRONG_USAGE = 2
INTERRUPTED = 130
"""What shells report for a program ended by Ctrl-C."""

CHECKS = (
    Check("scheduler", connection.scheduler, 20, needs_workers=False),
    Check("client", connection.client, 20, needs_workers=False),
    # Nodes may still be starting: waiting for their workers may take most of the time.
    Check("pools", membership.pools, float("inf"), part=0.75, needs_workers=False),
    Check("versions", equality.versions, 15),
    Check("computation", computing.computation, 30),
    Check("placement", scheduling.placement, 30),
    Check("gpu", computing.gpu, 60),
    Check("spill", spilling.spill, 15),
    Check("balance", scheduling.balance, 30),
)


def main() -> NoReturn:
    """Reads the command line, runs all checks and ends the process with the exit code."""
    first, *_, last = (__doc__ or "").strip().splitlines()
    options = read_options(first, last, sys.argv[1:])
    report = Report(options.address, options.json, options.bundle)
    # Before stdin is read, which may never end.
    watch(report, options.timeout + GRACE_SECONDS)
    try:
        expectation = read_expectation(options.expect)
        report.begin(expectation.cluster if expectation else None, options.timeout)
        quieten_libraries()
        run = Run(options.address, options.security, expectation)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run_checks(run, report, options.timeout, CHECKS))
    except ExpectationError as error:
        print(f"--expect {options.expect}:\n{error}", file=sys.stderr, flush=True)
        os._exit(WRONG_USAGE)
    except KeyboardInterrupt:
        report.say("interrupted")
        os._exit(INTERRUPTED)
    leave(report)


def read_expectation(path: str | None) -> Expectation | None:
    """Parses the file, or stdin for `-`."""
    if path is None:
        return None
    return parse(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))


def quieten_libraries() -> None:
    """Silences tracebacks of Dask on a lost connection: they would hide the failed check."""
    for library in ("distributed", "asyncio"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("ignore")
