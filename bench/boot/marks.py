"""Reads the steps of a boot from the node's journal."""

import json
import re

#: First line of each step after cloud-init: program, and start of the message. A boot from a baked image
#: does not have all steps.
MARKS = {
    "bundle": ("systemd", r"Starting dask-bundle\.service"),
    "packages": ("bootstrap.sh", r"step base begins"),
    "conda": ("bootstrap.sh", r"step conda begins"),
    "environment": ("bootstrap.sh", r"\[conda\] making an environment"),
    "configuration": ("bootstrap.sh", r"step configuration begins"),
    "certificates": ("bootstrap.sh", r"step certificates begins"),
    "service start": ("bootstrap.sh", r"step dask begins"),
    "registration": ("dask", r".*Start Nanny at"),
    "end": ("bootstrap.sh", r"\[dask\] 1 of 1 workers of \S+ are registered"),
}

#: Last line of steps that end before the next one begins, or run in parallel with it.
ENDS = {
    "bundle": ("systemd", r"Finished dask-bundle\.service"),
    "packages": ("bootstrap.sh", r"step base done"),
    "environment": ("bootstrap.sh", r"step conda done"),
}

#: Marks of each boot, also from a baked image.
EVERY_BOOT = ("bundle", "configuration", "service start", "registration", "end")


def steps(journal: str, begun: float) -> dict[str, tuple[float, float]]:
    """Return start and end of each step of a worker's boot, in seconds from the start of cloud-init.

    :param journal: output of `journalctl --boot --output json`
    :param begun: start of cloud-init, in seconds of the monotonic clock
    :raises ValueError: the journal does not have the first line of a step of each boot
    """
    entries = [json.loads(line) for line in journal.splitlines()]
    found = {name: at - begun for name, mark in MARKS.items() if (at := first(entries, *mark)) is not None}
    if missing := [name for name in EVERY_BOOT if name not in found]:
        raise ValueError(f"no line in the journal for {', '.join(missing)}, expected {MARKS}")
    starts = {"cloud-init": 0.0} | found
    spans = {}
    for name, end in zip(starts, list(starts.values())[1:], strict=False):
        last = first(entries, *ENDS[name]) - begun if name in ENDS else end
        spans[name] = (starts[name], last)
    return spans


def first(entries: list[dict], program: str, start: str) -> float | None:
    """Return the time (s) of a program's first message with this start, or None."""
    for entry in entries:
        message = re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", "", str(entry.get("MESSAGE", "")))
        if entry.get("SYSLOG_IDENTIFIER") == program and re.match(start, message):
            return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
    return None
