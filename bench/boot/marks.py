"""Where the time of a boot goes, read from the machine's own journal."""

import json
import re

#: What each phase after cloud-init begins with, in the journal: a program, and the start of what it says.
#: Where one is missing, as in a boot from a baked image, there was no such phase.
MARKS = {
    "bundle": ("systemd", r"Starting dask-bundle\.service"),
    "packages": ("bootstrap", r"phase base begins"),
    "conda": ("bootstrap", r"phase conda begins"),
    "environment": ("bootstrap", r"\[conda\] making an environment"),
    "configuration": ("bootstrap", r"phase configuration begins"),
    "certificates": ("bootstrap", r"phase certificates begins"),
    "service start": ("bootstrap", r"phase dask begins"),
    "registration": ("dask", r".*Start Nanny at"),
    "end": ("bootstrap", r"\[dask\] 1 of 1 workers of \S+ are registered"),
}

#: Phases that end with a line of their own, because the next one begins later or runs in parallel.
ENDS = {
    "bundle": ("systemd", r"Finished dask-bundle\.service"),
    "packages": ("bootstrap", r"phase base done"),
    "environment": ("bootstrap", r"phase conda done"),
}


def phases(journal: str, begun: float) -> dict[str, tuple[float, float]]:
    """Start and end of each phase of a worker's boot, in seconds from the start of cloud-init.

    :param journal: of `journalctl --boot --output json`
    :param begun: start of cloud-init, in seconds of the monotonic clock
    """
    entries = [json.loads(line) for line in journal.splitlines()]
    found = {name: at - begun for name, mark in MARKS.items() if (at := first(entries, *mark)) is not None}
    starts = {"cloud-init": 0.0} | found
    spans = {}
    for name, end in zip(starts, list(starts.values())[1:], strict=False):
        own = first(entries, *ENDS[name]) - begun if name in ENDS else end
        spans[name] = (starts[name], own)
    return spans


def first(entries: list[dict], program: str, start: str) -> float | None:
    """Seconds at which a program said something for the first time; None where it did not."""
    for entry in entries:
        said = re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", "", str(entry.get("MESSAGE", "")))
        if entry.get("SYSLOG_IDENTIFIER") == program and re.match(start, said):
            return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
    return None
