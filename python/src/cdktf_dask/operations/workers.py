"""What the scheduler knows of the workers of each node, from their heartbeats."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

from distributed.worker_state_machine import TaskStateState

from cdktf_dask.client.ask import ask_scheduler
from cdktf_dask.client.route import Route
from cdktf_dask.node.names import belongs_to
from cdktf_dask.operations.facts import Node

TASK_STATES = get_args(TaskStateState)
"""States that a worker of Dask counts."""

MAX_NUMBER = 2**63
"""Greater numbers are wrong: those of a heartbeat are bytes and tasks."""


def add_workers(nodes: list[Node], route: Route) -> None:
    """Add workers, memory and tasks to the nodes.

    Args:
        nodes: Nodes of a cluster that may have workers.
        route: The way to its scheduler.

    Raises:
        ConnectError: the scheduler does not answer.
    """
    answer = ask_scheduler(route.address, route.security, lambda scheduler: scheduler.identity())
    workers = list(answer["workers"].values())
    for node in nodes:
        add_to(node, workers)


def add_to(node: Node, workers: list[Mapping[str, Any]]) -> None:
    """Add to a node what its workers report; whatever that is, since tasks can change it."""
    own = [worker for worker in workers if belongs_to(worker["name"], node.name)]
    # A worker has no metrics before its first heartbeat.
    metrics = [_mapping(worker.get("metrics")) for worker in own]
    node.workers = len(own)
    node.memory = sum(_number(one.get("memory")) for one in metrics)
    node.memory_limit = sum(_number(worker.get("memory_limit")) for worker in own)
    tasks: Counter[str] = Counter()
    for one in metrics:
        counts = _mapping(one.get("task_counts"))
        tasks.update({state: _number(counts.get(state)) for state in TASK_STATES})
    node.tasks = {state: count for state, count in tasks.items() if count}


def _mapping(value: object) -> Mapping[str, Any]:
    """A mapping of a heartbeat; empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> int:
    """A number of a heartbeat; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < MAX_NUMBER else 0
