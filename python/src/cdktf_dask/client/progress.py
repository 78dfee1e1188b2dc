"""Progress of a connection: one line, which the next step replaces. It needs no thread."""

import sys
from typing import Self


class Progress:
    """Shows what is done at the moment, on a terminal or in a notebook.

    Args:
        show: Whether to show it. By default, only on a terminal and in a notebook.
    """

    def __init__(self, show: bool | None = None) -> None:
        notebook = _in_notebook()
        # A notebook shows stderr as if it were an error.
        self._stream = sys.stdout if notebook else sys.stderr
        self._show = (notebook or self._stream.isatty()) if show is None else show
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line, if the last step did not end with `done`."""
        if self._length:
            self._replace("", "\r")

    def step(self, text: str) -> None:
        """Replace the line."""
        self._replace(f"{text} …")

    def done(self, text: str) -> None:
        """Replace the line for the last time."""
        self._replace(text, "\n")
        self._length = 0

    def _replace(self, text: str, end: str = "") -> None:
        if self._show:
            print(f"\r{text:<{self._length}}", end=end, file=self._stream, flush=True)
            self._length = len(text)


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
