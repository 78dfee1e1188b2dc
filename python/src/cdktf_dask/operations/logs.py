"""Lines of logs, and how to read them from files and from the journal of a node."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLLOW_SECONDS = 0.2

UNITS = ("dask-scheduler", "dask-worker", "dask-cuda-worker")
"""Names of the services of a node (`lib/node/services.ts`); a node has one of them."""

BOOT_LOG = "/var/log/dask-node.log"
"""`NODE_LOG` of `lib/node/node-files.ts`."""


@dataclass(frozen=True)
class Lines:
    """Lines of the log of a node."""

    node: str
    lines: list[str]
    cut: bool = False
    """Whether earlier lines did not fit."""
    failure: str = ""
    """Why the log was not read, or not to its end; empty if it was."""


def journal(lines: int, boot: bool, follow: bool) -> str:
    """Command on a node that prints its log: the journal of Dask, or the log of its boot."""
    if boot:
        return f"tail -n {lines}{' -f' if follow else ''} {BOOT_LOG}"
    units = " ".join(f"-u {unit}" for unit in UNITS)
    return f"journalctl {'-f ' if follow else ''}--no-pager --output short-iso -n {lines} {units}"


def last_lines(file: Path, count: int) -> list[str]:
    """The last lines of a log; empty if it does not exist."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def follow_files(files: dict[str, Path], lines: int, show: Callable[[Lines], None]) -> None:
    """Show the last lines of files and what is added to them. Returns never; Ctrl-C raises."""
    tails = [(node, Tail(file, lines)) for node, file in files.items()]
    while True:
        for node, tail in tails:
            new = list(tail.new_lines())
            if new:
                show(Lines(node, new))
        time.sleep(FOLLOW_SECONDS)


class Tail:
    """A log that grows. The supervisor rotates it: then another file has its name."""

    def __init__(self, file: Path, lines: int) -> None:
        self._file = file
        self._pending = [line + "\n" for line in last_lines(file, lines)]
        self._position, self._inode = self._end()
        self._rest = b""

    def new_lines(self) -> Iterator[str]:
        """Whole lines since the last call."""
        yield from (line.rstrip("\n") for line in self._pending)
        self._pending = []
        size, inode = self._end()
        if inode != self._inode or size < self._position:
            self._position, self._inode, self._rest = 0, inode, b""
        if size == self._position:
            return
        with self._file.open("rb") as log:
            log.seek(self._position)
            text = self._rest + log.read(size - self._position)
        self._position = size
        *whole, self._rest = text.split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)

    def _end(self) -> tuple[int, int]:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_size, found.st_ino
