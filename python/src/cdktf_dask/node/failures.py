"""Failures of requests that a program repeats for as long as it runs."""


class Failures:
    """Prints each failure once, and again only after it has passed."""

    def __init__(self) -> None:
        self._printed: set[str] = set()

    def report(self, request: str, line: str) -> None:
        """Prints the failure of a request, unless this request has failed since it last succeeded."""
        if request not in self._printed:
            print(line, flush=True)
        self._printed.add(request)

    def clear(self, request: str) -> None:
        """Notes that a request has succeeded."""
        self._printed.discard(request)
