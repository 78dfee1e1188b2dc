"""Replaces files, among them those with private keys."""

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: str, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace a file atomically.

    The new file, next to the old one with the suffix `.new`, gets `mode` and `owner` (user id and group id;
    by default those of this process) before its content. So no other user can read the content at any time.
    """
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)
            if owner is not None:
                os.fchown(descriptor, *owner)
            file.write(content)
        new.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            new.unlink()
        raise
