"""Nodes and pools of a cluster on AWS, by their tags."""

from collections.abc import Mapping
from typing import Any

from cdktf_dask.client.aws import AwsCluster, tags_of
from cdktf_dask.operations.facts import SCHEDULER, ClusterStatus, Node, Pool, printable
from cdktf_dask.operations.prices import Prices

READY = "ready"
"""Value of the tag `dask:state` after a boot; otherwise it says which step failed, and why."""

STATES = {
    "shutting-down": "stopping",
    "stopping": "stopping",
    "stopped": "stopped",
    "terminated": "terminated",
}
"""States of EC2 in which the tag no longer counts."""

LIVE = ("booting", "ready", "failed", "draining")
"""States of nodes that run."""


class Group:
    """Auto Scaling group of a pool."""

    def __init__(self, answer: Mapping[str, Any], pool: str) -> None:
        self.name = str(answer["AutoScalingGroupName"])
        self.pool = Pool(pool, answer["MinSize"], answer["MaxSize"], answer["DesiredCapacity"])
        self.lifecycle = {one["InstanceId"]: one["LifecycleState"] for one in answer["Instances"]}


def read_status(aws: AwsCluster, prices: Prices) -> ClusterStatus:
    """Read the state of all nodes by EC2 and Auto Scaling, with prices, without workers.

    Raises:
        ConnectError: the cluster does not exist, or a call failed.
    """
    groups = read_groups(aws)
    nodes = read_nodes(aws, groups)
    if not groups and not nodes:
        raise aws.missing()
    pools = []
    for group in groups:
        pool = group.pool
        running = sum(node.pool == pool.name and node.state in LIVE for node in nodes)
        # A launch that failed long ago does not matter to a pool that has all its nodes.
        reason = failed_launch(aws, group) if running < pool.desired_size else ""
        pools.append(Pool(pool.name, pool.min_size, pool.max_size, pool.desired_size, reason))
    status = ClusterStatus(aws.name, aws.region, pools, nodes)
    prices.add_to(status)
    return status


def read_groups(aws: AwsCluster) -> list[Group]:
    """Read the Auto Scaling groups of all pools, by name.

    Raises:
        ConnectError: the call failed.
    """
    filters = [{"Name": "tag:dask:cluster", "Values": [aws.name]}]
    answers = pages(aws, "autoscaling", "describe_auto_scaling_groups", {"Filters": filters})
    found = [(group, tags_of(group)) for answer in answers for group in answer["AutoScalingGroups"]]
    groups = [Group(group, tags["dask:pool"]) for group, tags in found if "dask:pool" in tags]
    return sorted(groups, key=lambda group: group.pool.name)


def read_nodes(aws: AwsCluster, groups: list[Group]) -> list[Node]:
    """Read all instances: the scheduler first, then those of each pool, oldest first.

    AWS lists a terminated instance for about an hour. It is among them if its boot failed or AWS ended it.

    Raises:
        ConnectError: the call failed.
    """
    filters = [
        {"Name": "tag:dask:cluster", "Values": [aws.name]},
        {"Name": "tag:dask:role", "Values": ["scheduler", "worker"]},
    ]
    answers = pages(aws, "ec2", "describe_instances", {"Filters": filters})
    lifecycle = {instance: state for group in groups for instance, state in group.lifecycle.items()}
    nodes = [
        _node(instance, lifecycle)
        for answer in answers
        for reservation in answer["Reservations"]
        for instance in reservation["Instances"]
    ]
    shown = [node for node in nodes if node.state != "terminated" or node.reason]
    return sorted(shown, key=lambda node: (node.pool != SCHEDULER, node.pool, str(node.started), node.id))


def failed_launch(aws: AwsCluster, group: Group) -> str:
    """Why the last launch of a group failed; empty if it did not.

    Raises:
        ConnectError: the call failed.
    """
    parameters = {"AutoScalingGroupName": group.name, "MaxRecords": 1}
    operation = "describe_scaling_activities"
    answer = aws.call("autoscaling", operation, "autoscaling:DescribeScalingActivities", parameters)
    last = answer["Activities"][:1]
    return " ".join(str(one.get("StatusMessage", "")) for one in last if one["StatusCode"] == "Failed")


def pages(
    aws: AwsCluster, service: str, operation: str, parameters: Mapping[str, object]
) -> list[dict[str, Any]]:
    """All pages of an answer.

    Raises:
        ConnectError: a call failed.
    """
    name = "".join(part.capitalize() for part in operation.split("_"))
    answers: list[dict[str, Any]] = []
    token: dict[str, object] = {}
    while not answers or token:
        answers.append(aws.call(service, operation, f"{service}:{name}", {**parameters, **token}))
        token = {"NextToken": answers[-1]["NextToken"]} if answers[-1].get("NextToken") else {}
    return answers


def _node(instance: Mapping[str, Any], lifecycle: Mapping[str, str]) -> Node:
    tags = tags_of(instance)
    tag = printable(tags.get("dask:state", ""))
    state, reason = _state(instance, tag, lifecycle.get(instance["InstanceId"], ""))
    return Node(
        id=instance["InstanceId"],
        pool=tags.get("dask:pool", SCHEDULER),
        state=state,
        host=str(instance.get("PrivateDnsName", "")).partition(".")[0],
        reason=reason,
        started=instance["LaunchTime"],
        instance_type=instance["InstanceType"],
        zone=instance["Placement"]["AvailabilityZone"],
        spot=instance.get("InstanceLifecycle") == "spot",
    )


def _state(instance: Mapping[str, Any], tag: str, lifecycle: str) -> tuple[str, str]:
    """State of a node, and why."""
    failure = "" if tag == READY else tag
    state = STATES.get(instance["State"]["Name"])
    if state:
        # Reasons of AWS begin with "Server.", those of users and Auto Scaling with "Client.".
        reason = str(instance.get("StateReason", {}).get("Message", ""))
        return state, failure or (reason if reason.startswith("Server.") else "")
    if lifecycle.startswith("Terminating"):
        return "draining", failure
    if failure:
        return "failed", failure
    return ("ready" if tag == READY else "booting"), ""
