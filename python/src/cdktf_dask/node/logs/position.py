"""Position in the journal up to which AWS has accepted all entries."""

import re
from pathlib import Path

from cdktf_dask.tls.files import replace

CURSOR = re.compile(r"s=[0-9a-f]{32}(;\w=[0-9a-f]+)+")
"""Cursor of journald, such as `s=…;i=1f;b=…;m=…;t=…;x=…`."""


class Position:
    """Cursor in a file. The file is replaced atomically, so it never has a part of a cursor."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> str | None:
        """The cursor; None if the file has none, as at the first start of a node."""
        try:
            text = self._file.read_text("utf-8", "replace").strip()
        except FileNotFoundError:
            return None
        return text if CURSOR.fullmatch(text) else None

    def write(self, cursor: str) -> None:
        """Stores a cursor."""
        replace(self._file, cursor, 0o600)
