"""`dask-cluster status`: nodes by pool, and what is wrong."""

import sys
from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report
from cdktf_dask.cli.table import UNKNOWN, age, gibibytes, table
from cdktf_dask.operations.facts import SCHEDULER, ClusterStatus, Node

NOT_HEALTHY = 1
UNREACHABLE = 3

HEADER = ["POOL", "NODE", "STATE", "AGE", "TYPE", "SPOT", "WORKERS", "MEMORY GiB", "TASKS", "USD/h"]


@click.command()
@cluster_options
@PATH
@click.option("--nodes-only", is_flag=True, help="Do not ask the scheduler for workers, memory and tasks.")
def status(
    name: str, region: str | None, profile: str | None, as_json: bool, path: Path | None, nodes_only: bool
) -> None:
    """Show the nodes of the cluster NAME by pool, and what is wrong.

    Exit code: 0 the cluster is healthy, 1 it is not, 3 AWS or the scheduler cannot be reached.
    """
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        found = Cluster(name, region, profile, path, progress).status(ask_scheduler=not nodes_only)
    report(found.document(), lines_of(found), as_json)
    if found.problems():
        sys.exit(NOT_HEALTHY)
    if found.unreachable:
        sys.exit(UNREACHABLE)


def lines_of(status: ClusterStatus) -> list[str]:
    """Lines for a terminal: a table, the pools, problems and notes."""
    lines = table(*_known([_row(status, node) for node in status.nodes]))
    lines.append("")
    lines += [
        f"pool {pool.name}: {pool.desired_size} nodes wanted, {pool.min_size} to {pool.max_size} possible"
        for pool in status.pools
    ]
    price = status.usd_per_hour()
    if price is not None:
        lines.append(f"all instances: {price:.4g} USD an hour, without disks, network and other services")
    lines += [f"problem: {problem}" for problem in status.problems()]
    lines += [f"note: {note}" for note in status.notes]
    if status.unreachable and not status.problems():
        return [*lines, f"the workers of {status.cluster} are unknown"]
    return [*lines, f"{status.cluster} is {'not ' if status.problems() else ''}healthy"]


def _known(rows: list[list[str]]) -> list[list[str]]:
    """The header and the columns that some node has: a local cluster has no types and no prices."""
    columns = [index for index in range(len(HEADER)) if any(row[index] != UNKNOWN for row in rows)]
    return [[row[index] for index in columns] for row in (HEADER, *rows)]


def _row(status: ClusterStatus, node: Node) -> list[str]:
    asked = node.workers is not None and node.pool != SCHEDULER
    return [
        node.pool,
        node.id,
        node.state,
        age(status.at - node.started) if node.started else UNKNOWN,
        node.instance_type or UNKNOWN,
        ("yes" if node.spot else "no") if node.instance_type else UNKNOWN,
        str(node.workers) if asked else UNKNOWN,
        f"{gibibytes(node.memory)} of {gibibytes(node.memory_limit)}" if asked else UNKNOWN,
        (", ".join(f"{count} {state}" for state, count in node.tasks.items()) or "0") if asked else UNKNOWN,
        UNKNOWN if node.usd_per_hour is None else f"{node.usd_per_hour:.4g}",
    ]
