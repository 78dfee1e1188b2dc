"""Entries of the journal of this node, read by journalctl."""

import json
import os
import re
import selectors
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdktf_dask.node.logs.events import Event, event

UNITS = Path("/etc/systemd/system")

FIELDS = "MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT,UNIT,_TRANSPORT"

MAX_LINE_BYTES = 8 * 1024 * 1024
"""Longer entries are skipped: journald accepts entries of any size from programs that write to its socket."""

READ_BYTES = 1 << 18
DEFAULT_PRIORITY = 6
"""`info`, for entries without a priority."""

OOM = re.compile(r"out of memory|oom-kill|oom_reaper|oom_kill|invoked oom-killer", re.IGNORECASE)
"""Messages of the kernel that are shipped."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal."""

    cursor: str
    timestamp: int
    """Milliseconds since 1970."""
    unit: str
    """Unit that logged the message, or that systemd logged it about; or `kernel`."""
    priority: int
    """0 to 7, as of syslog(3)."""
    pid: int | None
    message: str


def units(folder: Path = UNITS) -> list[str]:
    """Units of this node whose entries are shipped: all that its bundle contains."""
    return sorted(path.name for path in folder.glob("dask-*.service"))


def matches(units: Sequence[str]) -> list[str]:
    """Arguments of journalctl for the entries of units, those of systemd about them, and those of the kernel.

    Not its option `--unit`: that finds a unit by a pattern only if it has entries already.
    """
    return [
        *(f"_SYSTEMD_UNIT={unit}" for unit in units),
        *("+", "_PID=1"),
        *(f"UNIT={unit}" for unit in units),
        *("+", "_TRANSPORT=kernel"),
    ]


def parse(line: bytes) -> Entry | None:
    """The entry in a line of `journalctl --output json`; None if it is not shipped or cannot be read."""
    try:
        fields: dict[str, Any] = json.loads(line)
        cursor, stamp = fields["__CURSOR"], int(fields["__REALTIME_TIMESTAMP"]) // 1000
    except (ValueError, TypeError, KeyError):
        return None
    message = _text(fields.get("MESSAGE"))
    kernel = fields.get("_TRANSPORT") == "kernel"
    if kernel and not OOM.search(message):
        return None
    unit = "kernel" if kernel else _text(fields.get("UNIT") or fields.get("_SYSTEMD_UNIT"))
    pid = _number(fields.get("_PID"))
    priority = _number(fields.get("PRIORITY"))
    return Entry(cursor, stamp, unit, DEFAULT_PRIORITY if priority is None else priority, pid, message)


def event_of(entry: Entry, pool: str) -> Event:
    """The event of an entry."""
    fields: dict[str, object] = {"unit": entry.unit, "priority": entry.priority, "pool": pool}
    if entry.pid is not None:
        fields["pid"] = entry.pid
    return event(entry.timestamp, fields, entry.message)


def _text(value: object) -> str:
    """A field as text: journalctl writes bytes that are no text as numbers, and repeated fields as a list."""
    if isinstance(value, list):
        if value and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
            return bytes(value).decode("utf-8", "replace")
        return "\n".join(_text(part) for part in value)
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    with suppress(ValueError):
        return int(value) if isinstance(value, str) else None
    return None


class Journal:
    """Entries of some units. One process of journalctl reads them."""

    def __init__(self, units: Sequence[str], options: Sequence[str] = ()) -> None:
        """Prepares reading; nothing is started yet.

        Args:
            units: Names of the units, such as `dask-worker.service`.
            options: More options of journalctl, such as `--directory=…` in tests.
        """
        self._command = ["journalctl", "--quiet", "--output=json", f"--output-fields={FIELDS}", "--all"]
        self._command += options
        self._matches = matches(units)

    def rest(self, cursor: str | None) -> "Reader":
        """Reads the entries after a cursor, or all, and ends."""
        return Reader([*self._command, *_after(cursor), *self._matches])

    def follow(self, cursor: str | None) -> "Reader":
        """Reads the entries after a cursor, or all, and then each new one.

        With `--merge`, because `--follow` alone shows one boot only: that of /proc/sys/kernel/random/boot_id.
        """
        return Reader([*self._command, "--follow", "--merge", "--no-tail", *_after(cursor), *self._matches])


def _after(cursor: str | None) -> list[str]:
    return [] if cursor is None else [f"--after-cursor={cursor}"]


class Reader:
    """Lines of a process of journalctl, read without blocking."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        assert self._process.stdout is not None
        self._pipe = self._process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self._buffer = bytearray()
        self._skipping = False
        self.ended = False
        """Whether the process has closed its output."""
        self.skipped = 0
        """Entries that were too long."""

    def lines(self, seconds: float) -> Iterator[bytes]:
        """The complete lines that can be read now, waiting for output for some seconds at most."""
        if not self._selector.select(seconds):
            return
        # One read, so that a busy journal does not keep the caller from sending.
        data = self._pipe.read(READ_BYTES)
        if data is None:
            return
        if not data:
            self.ended = True
            return
        self._buffer += data
        *complete, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in complete:
            if self._skipping:
                self._skipping = False
            else:
                yield bytes(line)
        if len(rest) > MAX_LINE_BYTES:
            self.skipped += not self._skipping
            self._skipping = True
            self._buffer.clear()

    def close(self) -> str | None:
        """Ends the process. Returns why it failed, in one line; None if it did not."""
        if not self.ended:
            self._process.kill()
        _, errors = self._process.communicate()
        self._selector.close()
        code = self._process.returncode
        if not self.ended or code == 0:
            return None
        return (
            f"journalctl ended with exit code {code}: {' '.join(errors.decode('utf-8', 'replace').split())}"
        )
