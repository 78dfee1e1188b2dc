"""Errors of a client, each one sentence with a hint."""


class ConnectError(RuntimeError):
    """Why a client cannot connect, and what to do: `<reason>. Hint: <hint>`."""

    exit_code = 3
    """Exit code of `dask-cluster`."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}. Hint: {hint}")
        self.reason = reason
        """Why the client cannot connect."""
        self.hint = hint
        """What to do."""


class VersionsDiffer(ConnectError):
    """Client and cluster have different versions of Python, dask or distributed."""

    exit_code = 1


class NotConnected(ConnectError):
    """An instance does not run, or is not connected to Systems Manager, such as one that boots."""


class CommandFailed(ConnectError):
    """A command on a node or in the cluster failed."""

    exit_code = 1


class Refused(ConnectError):
    """An argument that the cluster does not allow. Nothing has changed."""

    exit_code = 2
