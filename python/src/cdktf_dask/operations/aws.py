"""Operates a cluster on AWS."""

from collections.abc import Callable

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.errors import ConnectError, Refused
from cdktf_dask.operations.facts import SCHEDULER, ClusterStatus, Node, Pool, find_node
from cdktf_dask.operations.logs import Lines, journal
from cdktf_dask.operations.nodes import LIVE, Group, read_groups, read_nodes, read_status
from cdktf_dask.operations.prices import Prices
from cdktf_dask.operations.run_command import MAX_INSTANCES, MAX_OUTPUT, Output, run_on, run_on_one
from cdktf_dask.operations.session import follow

RUN = "/usr/local/lib/dask-node/run.sh"
"""`RUN` of `lib/node/python-files.ts`: runs a module of `cdktf_dask.node`."""

LOG_SECONDS = 60
RENEW_SECONDS = 300
RESTART_SECONDS = 180
"""`ANSWER_SECONDS` of `lib/node/lifecycle.ts`."""


class AwsOperations:
    """Operations of a cluster on AWS."""

    def __init__(self, aws: AwsCluster) -> None:
        self._aws = aws

    def status(self) -> ClusterStatus:
        """State of all nodes by EC2 and Auto Scaling, with prices.

        Raises:
            ConnectError: the cluster does not exist, or a call failed.
        """
        return read_status(self._aws, Prices(self._aws))

    def scale(self, pool: str, size: int) -> Pool:
        """Set the desired number of instances of a pool.

        Raises:
            Refused: the pool does not exist, or its limits do not allow the number.
            ConnectError: the cluster does not exist, or a call failed.
        """
        groups = {group.pool.name: group for group in read_groups(self._aws)}
        if not groups:
            raise self._aws.missing()
        if pool not in groups:
            raise Refused(f"{self._aws.name} has no pool {pool!r}", f"it has: {', '.join(groups)}")
        group = groups[pool]
        limits = group.pool
        if not limits.min_size <= size <= limits.max_size:
            hint = "change minSize or maxSize in the definition, and deploy"
            allowed = f"{limits.min_size} to {limits.max_size}"
            raise Refused(f"pool {pool}: got {size} nodes, expected {allowed}", hint)
        parameters = {"AutoScalingGroupName": group.name, "DesiredCapacity": size}
        permission = f"autoscaling:SetDesiredCapacity on {group.name}"
        self._aws.call("autoscaling", "set_desired_capacity", permission, parameters)
        return limits

    def node_to_drain(self, which: str, replace: bool) -> Node:
        """Find a node by its id or its name.

        Raises:
            Refused: there is none, or its pool has no more than its minimum, and it is not replaced.
            ConnectError: the cluster does not exist, the node does not run, or a call failed.
        """
        groups = read_groups(self._aws)
        nodes = read_nodes(self._aws, groups)
        if not groups and not nodes:
            raise self._aws.missing()
        node = find_node(self._aws.name, nodes, which)
        group = _group_of(node, groups)
        if not replace and group.pool.desired_size <= group.pool.min_size:
            got = f"pool {node.pool}: got {group.pool.desired_size - 1} nodes"
            hint = "replace the node (--replace), or change minSize in the definition, and deploy"
            raise Refused(f"{got}, expected at least {group.pool.min_size}", hint)
        return node

    def end_node(self, node: Node, replace: bool) -> None:
        """Terminate the instance of a node by its group, which replaces it or becomes smaller.

        Raises:
            ConnectError: a call failed.
        """
        group = _group_of(node, read_groups(self._aws))
        if group.lifecycle.get(node.id, "Terminated").startswith("Terminat"):
            return  # the autoscaler, which sees the drain, was faster
        parameters = {"InstanceId": node.id, "ShouldDecrementDesiredCapacity": not replace}
        permission = f"autoscaling:TerminateInstanceInAutoScalingGroup on {group.name}"
        operation = "terminate_instance_in_auto_scaling_group"
        self._aws.call("autoscaling", operation, permission, parameters)

    def logs(self, which: str | None, lines: int, boot: bool) -> list[Lines]:
        """Read the logs of nodes by Run Command. A node that cannot be asked is one of the failures.

        Raises:
            ConnectError: there is no such node, or the only one cannot be asked.
        """
        nodes = [node.id for node in self._live(which)]
        # The newest lines are at the end, and AWS keeps the beginning of a long output.
        command = f"{journal(lines, boot, False)} | tail -c {MAX_OUTPUT}"
        found = []
        for first in range(0, len(nodes), MAX_INSTANCES):
            for output in run_on(self._aws, nodes[first : first + MAX_INSTANCES], command, LOG_SECONDS):
                cut = len(output.text.encode()) >= MAX_OUTPUT
                text = output.text.splitlines()[1 if cut else 0 :]
                found.append(Lines(output.instance, text, cut, output.failure))
        return found

    def follow(self, which: str | None, lines: int, boot: bool, show: Callable[[Lines], None] | None) -> None:
        """Follow the log of a node: the first one of a pool, by default the scheduler.

        Raises:
            ConnectError: there is no such node, or it cannot be asked.
        """
        node = self._live(which or SCHEDULER)[0].id
        command = f"sudo {journal(lines, boot, True)}"
        follow(self._aws, node, command, show and (lambda line: show(Lines(node, [line]))))

    def restart_scheduler(self) -> str:
        """Restart the scheduler's service.

        Raises:
            ConnectError: the scheduler does not run, or does not start again.
        """
        return self._on_scheduler("systemctl restart dask-scheduler", RESTART_SECONDS)

    def renew_certificates(self) -> str:
        """Renew all certificates.

        Raises:
            Refused: the cluster has no TLS.
            ConnectError: the scheduler does not run, or cannot renew them.
        """
        if self._aws.client_pem() is None:
            raise Refused(f"{self._aws.name} has no TLS, so it has no certificates", "nothing to do")
        return self._on_scheduler(f"{RUN} certificates renew", RENEW_SECONDS)

    def run_module(self, module: str, seconds: int) -> Output:
        """Run a module of `cdktf_dask.node` on the scheduler's node; the output says whether it failed.

        Raises:
            ConnectError: the scheduler does not run.
        """
        return run_on_one(self._aws, self._aws.scheduler().id, f"{RUN} {module}", seconds)

    def _on_scheduler(self, command: str, seconds: int) -> str:
        """Run a command on the scheduler's node, and return the node."""
        output = run_on_one(self._aws, self._aws.scheduler().id, command, seconds)
        output.check(self._aws.name)
        return output.instance

    def _live(self, which: str | None) -> list[Node]:
        """Nodes of a pool, one node by its id, or all, that run."""
        groups = read_groups(self._aws)
        nodes = read_nodes(self._aws, groups)
        if not groups and not nodes:
            raise self._aws.missing()
        found = [node for node in nodes if which in (None, node.pool, node.id)]
        live = [node for node in found if node.state in LIVE]
        if live:
            return live
        names = [SCHEDULER, *(group.pool.name for group in groups)]
        if found or which in names or str(which).startswith("i-"):
            state = found[0].state if found else "gone"
            hint = "dask-cluster status shows the nodes that run"
            what = f"pool {which} has no node that runs" if which in names else f"the node {which} is {state}"
            raise ConnectError(what, hint)
        raise Refused(f"{self._aws.name} has no pool or node {which!r}", f"it has: {', '.join(names)}")


def _group_of(node: Node, groups: list[Group]) -> Group:
    """Group of a node.

    Raises:
        ConnectError: its pool was removed.
    """
    group = next((group for group in groups if group.pool.name == node.pool), None)
    if group is None:
        raise ConnectError(f"the pool {node.pool} of {node.id} has no group", "deploy again")
    return group
