"""Writes the page, and the same facts as JSON."""

import json
from collections.abc import Callable
from pathlib import Path

from cdktf_dask.client.errors import ConnectError
from cdktf_dask.operations.facts import ClusterStatus
from cdktf_dask.operations.page import page
from cdktf_dask.tls.files import replace

REFRESH_SECONDS = 5


class Writer:
    """Writes the page and the same facts as JSON to a folder."""

    def __init__(self, folder: Path, cluster: str, read: Callable[[], ClusterStatus]) -> None:
        self._folder, self._cluster, self._read = folder, cluster, read
        self._last: ClusterStatus | None = None
        self._failure = ""

    def write(self) -> None:
        """Write the present facts; if they cannot be read, the last ones, and why."""
        try:
            self._last, failure = self._read(), ""
        except ConnectError as error:
            failure = error.reason
        if failure != self._failure:
            print(f"the facts cannot be read: {failure}" if failure else "facts are read again", flush=True)
        self._failure = failure
        known = self._last.document() if self._last else {"cluster": self._cluster}
        # Facts that are out of date show no health.
        content = {**known, "failure": failure or None} | ({"healthy": False} if failure else {})
        replace(self._folder / "status.json", json.dumps(content), 0o644)
        text = page(self._cluster, self._last, failure, REFRESH_SECONDS)
        replace(self._folder / "index.html", text, 0o644)
