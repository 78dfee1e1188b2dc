"""XML-RPC interface of the supervisor of a local cluster, over its socket.

The client of the supervisor is not in the environment of clients of Dask. What it answers:
supervisord.org, "XML-RPC API Documentation".
"""

import http.client
import os
import socket
import sys
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy, Transport

from cdktf_dask.client.errors import CommandFailed, ConnectError

SOCKET = "supervisor.sock"
"""`SOCKET_NAME` of `lib/local/runtime/supervisor.ts`."""

ANSWER_SECONDS = 30.0

ALREADY_STARTED, NOT_RUNNING = 60, 70
"""Codes of faults (`Faults` of `supervisor/xmlrpc.py`)."""


class Supervisor:
    """Supervisor of a local cluster."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._proxy = ServerProxy("http://localhost", _SocketTransport(root))

    def programs(self) -> list[dict[str, Any]]:
        """State of all programs (`getAllProcessInfo`).

        Raises:
            ConnectError: the supervisor does not answer.
        """
        programs: list[dict[str, Any]] = self._call("getAllProcessInfo")
        return programs

    def stop(self, program: str, wait: bool = True) -> None:
        """Stop a program; nothing happens if it does not run.

        Args:
            program: Its name.
            wait: Whether to return when it has ended, and not at once.

        Raises:
            ConnectError: the supervisor does not answer, or cannot stop it.
        """
        self._call("stopProcess", program, wait, accept=NOT_RUNNING)

    def start(self, program: str, wait: bool = True) -> None:
        """Start a program; nothing happens if it runs.

        Args:
            program: Its name.
            wait: Whether to return when it has run for some seconds, and not at once.

        Raises:
            ConnectError: the supervisor does not answer, or cannot start it.
        """
        self._call("startProcess", program, wait, accept=ALREADY_STARTED)

    def _call(self, method: str, *arguments: str | bool, accept: int | None = None) -> Any:
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except Fault as fault:
            if fault.faultCode == accept:
                return None
            what = " ".join([method, *(word for word in arguments if isinstance(word, str))])
            hint = f"look at {self._root}/logs"
            raise CommandFailed(f"the supervisor cannot do {what} ({fault.faultString})", hint) from fault
        except (OSError, http.client.HTTPException) as error:
            reason = f"the supervisor of {self._root} does not answer ({error})"
            raise ConnectError(reason, "run `npm start` in its project") from error


class _SocketTransport(Transport):
    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _SocketConnection(self._root)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, root: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._root = root

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        if sys.platform != "linux":
            self.sock.connect(str(self._root / SOCKET))
            return
        # A path of a socket has at most 107 bytes (unix(7)), so the folder is named by its descriptor.
        folder = os.open(self._root, os.O_RDONLY)
        try:
            self.sock.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        finally:
            os.close(folder)
