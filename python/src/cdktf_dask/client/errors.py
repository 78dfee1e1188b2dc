"""Errors of a client, each one sentence with a hint."""


class ConnectError(RuntimeError):
    """Why a client cannot connect, and what to do: `<reason>. Hint: <hint>`."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}. Hint: {hint}")
        self.reason = reason
        self.hint = hint


class VersionsDiffer(ConnectError):
    """Client and cluster have different versions of Python, dask or distributed."""
