"""`salvage`: reads what Dask left in a spill directory whose worker was killed.

Dask purges such a directory when the next worker starts on it, so a copy of it restores nothing. But each
spilled result is a separate file, in Dask's format of messages. Reading it runs code of the result.
"""

import fcntl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from distributed.protocol.serialize import deserialize_bytes

from cdktf_dask.backup.errors import BackupError


@dataclass(frozen=True)
class Salvaged:
    """A spilled result."""

    file: Path
    key: str
    """Key of its task, as text."""
    bytes: int
    value: Any = None
    fault: str = ""
    """Why it cannot be read; then it has no value."""


def salvage(directory: Path) -> Iterator[Salvaged]:
    """Read each spilled result below a directory, in the order of their files.

    Args:
        directory: Local directory of workers, such as `.dask/local/scratch`, or one below it.

    Raises:
        BackupError: it has no spilled results.
    """
    files = sorted(file for file in directory.rglob("*#*") if file.parent.name == "storage")
    if not files:
        raise BackupError(
            f"{directory} has no spilled results",
            "name the local directory of a worker that was killed, before another worker starts on it: Dask "
            "empties it then",
        )
    for file in files:
        yield _read(file)


def _read(file: Path) -> Salvaged:
    key = unquote(file.name.rpartition("#")[0])
    try:
        if _in_use(file.parent.parent):
            return Salvaged(file, key, file.stat().st_size, fault="its worker is running")
        data = file.read_bytes()
    except OSError as error:
        return Salvaged(file, key, 0, fault=f"it cannot be read ({error})")
    try:
        if _length(data) != len(data):
            return Salvaged(file, key, len(data), fault=f"it has {len(data)} bytes, expected {_length(data)}")
        return Salvaged(file, key, len(data), deserialize_bytes(data))
    except Exception as error:
        return Salvaged(file, key, len(data), fault=f"{type(error).__name__}: {error}".partition("\n")[0])


def _length(data: bytes) -> int:
    """Length of a message: the number of its frames and their lengths, 8 bytes each, and the frames."""
    frames: int
    (frames,) = struct.unpack_from("Q", data)
    lengths: tuple[int, ...] = struct.unpack_from(f"{frames}Q", data, 8)
    return 8 * (1 + frames) + sum(lengths)


def _in_use(directory: Path) -> bool:
    """Whether a worker has the lock of its directory."""
    lock = directory.with_name(f"{directory.name}.dirlock")
    if not lock.exists():
        return False
    with open(lock, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
