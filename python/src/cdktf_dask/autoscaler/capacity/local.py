"""Nodes of a local cluster: programs of its supervisor, named as their workers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdktf_dask.autoscaler.capacity import CapacityError
from cdktf_dask.autoscaler.model import Capacity
from cdktf_dask.autoscaler.settings import SettingsError
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.node.names import pool_of
from cdktf_dask.operations.supervisor import Supervisor

ON = ("STARTING", "RUNNING", "BACKOFF")
"""States of a program that is a node (supervisord.org, "Process States")."""

OFF = ("STOPPED", "EXITED", "FATAL")
"""States of a program that can start. One in the state STOPPING cannot."""


class LocalCapacity:
    """The programs of a supervisor whose names are `<pool>--<host>`."""

    def __init__(self, root: Path) -> None:
        """Take the folder of the supervisor's socket."""
        self._root = root

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "LocalCapacity":
        """Make it from the settings.

        Raises:
            SettingsError: they have no socket.
        """
        socket = settings.get("socket")
        if not isinstance(socket, str) or not socket:
            raise SettingsError(f"capacity.socket: got {socket!r}, expected the path of a socket")
        return cls(Path(socket).parent)

    def state(self) -> Mapping[str, Capacity]:
        """Capacity of each pool: programs start at once, so all that are desired exist."""
        pools = {}
        for pool, programs in self._pools().items():
            existing = sum(state in ON for state in programs.values())
            ending = frozenset(name for name, state in programs.items() if state == "STOPPING")
            serving = frozenset(name for name, state in programs.items() if state == "RUNNING")
            pools[pool] = Capacity(existing, existing, ending=ending, serving=serving)
        return pools

    def grow(self, pool: str, to: int) -> None:
        """Start programs, those with the lowest numbers first."""
        programs = self._pools().get(pool, {})
        missing = to - sum(state in ON for state in programs.values())
        free = sorted((name for name, state in programs.items() if state in OFF), key=_number)
        for name in free[: max(missing, 0)]:
            self._call("start", name)

    def lower(self, pool: str, to: int) -> None:
        """Do nothing: every program that is desired exists."""

    def end(self, pool: str, node: str) -> None:
        """Stop the program of a node."""
        self._call("stop", node)

    def replace(self, pool: str, node: str) -> None:
        """Stop the program of a node. As the pool then has one less, it is started again if it is needed."""
        self._call("stop", node)

    def _pools(self) -> dict[str, dict[str, str]]:
        """State of each program by pool."""
        pools: dict[str, dict[str, str]] = {}
        for program in self._call("programs"):
            name = str(program["name"])
            if "--" in name:
                pools.setdefault(pool_of(name), {})[name] = str(program["statename"])
        return pools

    def _call(self, method: str, *names: str) -> Any:
        # A connection serves one thread.
        supervisor = Supervisor(self._root)
        options = {} if method == "programs" else {"wait": False}
        try:
            return getattr(supervisor, method)(*names, **options)
        except ConnectError as error:
            raise CapacityError(error.reason) from error


def _number(program: str) -> int:
    """Number at the end of a program's name."""
    end = program.rpartition("-")[2]
    return int(end) if end.isdigit() else 0
