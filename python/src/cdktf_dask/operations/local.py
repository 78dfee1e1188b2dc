"""Operates a local cluster, over the API of its supervisor."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdktf_dask.autoscaler.minimum import NAME as MINIMUM
from cdktf_dask.autoscaler.minimum import write_minimum
from cdktf_dask.client.errors import Refused
from cdktf_dask.client.local import LocalCluster
from cdktf_dask.client.route import Route
from cdktf_dask.node.names import pool_of
from cdktf_dask.operations.drain import drain
from cdktf_dask.operations.facts import SCHEDULER, ClusterStatus, Node, Pool, find_node
from cdktf_dask.operations.logs import Lines, follow_files, last_lines
from cdktf_dask.operations.supervisor import Supervisor

SCHEDULER_PROGRAM = "dask-scheduler"
AUTOSCALER_PROGRAM = "dask-autoscaler"
"""Its folder has the settings (`lib/local/runtime/autoscaler.ts`)."""

STATES = {
    "RUNNING": "ready",
    "STARTING": "booting",
    "STOPPING": "stopping",
    "STOPPED": "stopped",
    **dict.fromkeys(("BACKOFF", "EXITED", "FATAL", "UNKNOWN"), "failed"),
}
"""By the supervisor's (supervisord.org, "Process States")."""

DRAIN_SECONDS = 60.0


class LocalOperations:
    """Operations of a local cluster. Its nodes are programs of its supervisor."""

    def __init__(self, name: str, local: LocalCluster) -> None:
        self._name = name
        self._local = local
        self._supervisor = Supervisor(local.root)

    def status(self) -> ClusterStatus:
        """State of all nodes.

        Raises:
            ConnectError: the supervisor does not answer.
        """
        nodes = self._nodes()
        nodes.sort(key=lambda node: (node.pool != SCHEDULER, node.id))
        names = sorted({node.pool for node in nodes} - {SCHEDULER})
        return ClusterStatus(self._name, str(self._local.root), [_pool(name, nodes) for name in names], nodes)

    def scale(self, pool: str, size: int) -> Pool:
        """Start or stop programs of a pool. Programs that stop are drained first, together.

        An autoscaler then keeps at least so many nodes.

        Raises:
            Refused: the pool does not exist, the cluster was not started with so many nodes, or something has
                to stay on a node.
            ConnectError: supervisor or scheduler do not answer.
        """
        status = self.status()
        pools = {found.name: found for found in status.pools}
        if pool not in pools:
            raise Refused(f"{self._name} has no pool {pool!r}", f"it has: {', '.join(pools)}")
        before = pools[pool]
        if not before.min_size <= size <= before.max_size:
            hint = "change maxSize in the definition, and deploy"
            allowed = f"{before.min_size} to {before.max_size}"
            raise Refused(f"pool {pool}: got {size} nodes, expected {allowed}", hint)
        autoscaler = self._local.root / "config" / AUTOSCALER_PROGRAM
        if autoscaler.exists():
            write_minimum(autoscaler / MINIMUM, pool, size)
        nodes = sorted((node for node in status.nodes if node.pool == pool), key=lambda node: node.id)
        leaving = [node for node in nodes[size:] if node.state != "stopped"]
        if leaving:
            drain(leaving, Route(self._local.address, self._local.security(), "local"), DRAIN_SECONDS)
        for node in leaving:
            self._supervisor.stop(node.id)
        for node in nodes[:size]:
            if node.state == "stopped":
                self._supervisor.start(node.id)
        return before

    def node_to_drain(self, which: str, replace: bool) -> Node:
        """Find a node.

        Raises:
            Refused: there is none.
            ConnectError: it does not run, or the supervisor does not answer.
        """
        return find_node(self._name, self._nodes(), which)

    def end_node(self, node: Node, replace: bool) -> None:
        """Stop the program of a node. With `replace`, start it again.

        Raises:
            ConnectError: the supervisor does not answer, or cannot stop or start it.
        """
        self._supervisor.stop(node.id)
        if replace:
            self._supervisor.start(node.id)

    def logs(self, which: str | None, lines: int, boot: bool) -> list[Lines]:
        """Read log files.

        Raises:
            Refused: there is no such pool or node, or no boot log.
            ConnectError: the supervisor does not answer.
        """
        return [Lines(node, last_lines(file, lines)) for node, file in self._files(which, boot).items()]

    def follow(self, which: str | None, lines: int, boot: bool, show: Callable[[Lines], None] | None) -> None:
        """Follow log files.

        Raises:
            Refused: there is no such pool or node, or no boot log.
            ConnectError: the supervisor does not answer.
        """
        assert show
        follow_files(self._files(which, boot), lines, show)

    def restart_scheduler(self) -> str:
        """Restart the scheduler's program.

        Raises:
            ConnectError: the supervisor does not answer, or the scheduler does not start.
        """
        self._supervisor.stop(SCHEDULER_PROGRAM)
        self._supervisor.start(SCHEDULER_PROGRAM)
        return SCHEDULER_PROGRAM

    def renew_certificates(self) -> str:
        """Raises Refused: a local cluster has new certificates at each start."""
        raise Refused(
            "a local cluster creates its certificates at each start", "run `npm stop`, then `npm start`"
        )

    def _files(self, which: str | None, boot: bool) -> dict[str, Path]:
        if boot:
            raise Refused("the nodes of a local cluster do not boot", f"see {self._local.root}/logs")
        nodes = self._nodes()
        found = [node.id for node in nodes if which in (None, node.pool, node.id)]
        if not found:
            names = ", ".join(dict.fromkeys(node.pool for node in nodes))
            raise Refused(f"{self._name} has no pool or node {which!r}", f"it has: {names}")
        return {node: self._log(node) for node in found}

    def _log(self, program: str) -> Path:
        return self._local.root / "logs" / f"{program}.log"

    def _nodes(self) -> list[Node]:
        """The scheduler and the workers; other programs, such as those of monitoring, are no nodes."""
        programs = self._supervisor.programs()
        return [
            self._node(program)
            for program in programs
            if program["name"] == SCHEDULER_PROGRAM or "--" in program["name"]
        ]

    def _node(self, program: dict[str, Any]) -> Node:
        name = str(program["name"])
        state = STATES.get(program["statename"], "failed")
        cause = program["spawnerr"] or f"exit status {program['exitstatus']}"
        return Node(
            id=name,
            pool=SCHEDULER if name == SCHEDULER_PROGRAM else pool_of(name),
            state=state,
            host=name.partition("--")[2],
            reason=f"{cause}; log: {self._log(name)}" if state == "failed" else "",
            started=datetime.fromtimestamp(program["start"], UTC) if state == "ready" else None,
        )


def _pool(name: str, nodes: list[Node]) -> Pool:
    own = [node for node in nodes if node.pool == name]
    return Pool(name, 0, len(own), sum(node.state not in ("stopped", "stopping") for node in own))
