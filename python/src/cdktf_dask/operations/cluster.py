"""A cluster that can be operated, by its name: local, or on AWS."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Protocol

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.connecting import local_route
from cdktf_dask.client.errors import ConnectError, Refused
from cdktf_dask.client.local import choose
from cdktf_dask.client.progress import Progress
from cdktf_dask.client.route import Access, Route, find_route
from cdktf_dask.operations.aws import AwsOperations
from cdktf_dask.operations.drain import Drained, drain, undrain
from cdktf_dask.operations.facts import ClusterStatus, Node, Pool
from cdktf_dask.operations.local import LocalOperations
from cdktf_dask.operations.logs import Lines
from cdktf_dask.operations.workers import add_workers


class Operations(Protocol):
    """What can be done with a cluster. Every method raises ConnectError where it cannot."""

    def status(self) -> ClusterStatus:
        """State of all nodes, without the workers."""

    def scale(self, pool: str, size: int) -> Pool:
        """Set the number of nodes of a pool. Returns the pool as it was before."""

    def node_to_drain(self, which: str, replace: bool) -> Node:
        """Find a node by its id, or by the name of its workers. It may end."""

    def end_node(self, node: Node, replace: bool) -> None:
        """End a drained node. With `replace`, another one starts."""

    def logs(self, which: str | None, lines: int, boot: bool) -> list[Lines]:
        """Return the last lines of the logs of a pool, of a node or of all nodes."""

    def follow(self, which: str | None, lines: int, boot: bool, show: Callable[[Lines], None] | None) -> None:
        """Show the last lines of logs and what follows, until Ctrl-C."""

    def restart_scheduler(self) -> str:
        """Restart the scheduler. Returns the node."""

    def renew_certificates(self) -> str:
        """Renew all certificates. Returns the node."""


class Cluster:
    """A cluster, the way to operate it and the way to its scheduler."""

    def __init__(
        self, name: str, region: str | None, profile: str | None, path: Path | None, progress: Progress
    ) -> None:
        """Find a cluster, as `connect` does.

        Raises:
            ConnectError: there is none.
        """
        self.name = name
        self._progress = progress
        self.local = choose(name, region, profile, path)
        self.access = None if self.local else Access(name, region, profile, progress)

    @cached_property
    def operations(self) -> Operations:
        """What can be done with its nodes.

        Raises:
            Refused: Docker Compose operates the nodes.
        """
        if self.aws:
            return AwsOperations(self.aws)
        assert self.local
        if not self.local.supervised:
            hint = "use `docker compose` in the cluster's folder (docs/compose.md, Operate)"
            raise Refused(f"{self.name} in {self.local.root} is a cluster in Docker Compose", hint)
        return LocalOperations(self.name, self.local)

    @property
    def aws(self) -> AwsCluster | None:
        """The cluster on AWS; None for a local one."""
        return self.access.aws if self.access else None

    def route(self) -> Route:
        """Find the way to the scheduler. A tunnel has to be closed.

        Raises:
            ConnectError: there is none.
        """
        if self.local:
            return local_route(self.name, self.local)
        assert self.access
        return find_route(self.access, self._progress)

    def status(self, ask_scheduler: bool = True) -> ClusterStatus:
        """Read the state of all nodes.

        Args:
            ask_scheduler: Whether to ask the scheduler for workers. If it does not answer, a note says why.

        Raises:
            ConnectError: neither AWS nor the supervisor answers, or the cluster does not exist.
        """
        self._progress.step(f"reading the nodes of {self.name}")
        status = self.operations.status()
        if ask_scheduler:
            status.add_workers(self._add_workers)
        return status

    def drain(self, which: str, seconds: float, replace: bool) -> tuple[Node, Drained]:
        """Drain a node, then end it.

        Args:
            which: Its id, or its name as in the names of its workers.
            seconds: Time that the drain may take.
            replace: Whether another node starts in its place.

        Raises:
            Refused: the node must not end, or something has to stay on it. It works again.
            ConnectError: there is no such node, or scheduler, supervisor or AWS do not answer.
        """
        node = self.operations.node_to_drain(which, replace)
        self._progress.step(f"draining {node.id}")
        route = self.route()
        try:
            drained = drain([node], route, seconds)
            self._progress.step(f"ending {node.id}")
            try:
                self.operations.end_node(node, replace)
            except BaseException:
                with suppress(ConnectError):
                    undrain(drained.workers, route)
                raise
        finally:
            if route.tunnel:
                route.tunnel.close()
        return node, drained

    def _add_workers(self, nodes: list[Node]) -> None:
        route = self.route()
        try:
            add_workers(nodes, route)
        finally:
            if route.tunnel:
                route.tunnel.close()
