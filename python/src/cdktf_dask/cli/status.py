"""`dask-cluster status`: nodes by pool, and what is wrong."""

import sys
from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report
from cdktf_dask.cli.table import table
from cdktf_dask.operations.facts import ClusterStatus
from cdktf_dask.operations.page import page
from cdktf_dask.operations.rows import lines, rows
from cdktf_dask.tls.files import replace

NOT_HEALTHY = 1
UNREACHABLE = 3


@click.command()
@cluster_options
@PATH
@click.option("--nodes-only", is_flag=True, help="Do not ask the scheduler for workers, memory and tasks.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the facts to a page for browsers.",
)
def status(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    nodes_only: bool,
    html: Path | None,
) -> None:
    """Show the nodes of the cluster NAME by pool, and what is wrong.

    Exit code: 0 the cluster is healthy, 1 it is not, 3 AWS or the scheduler cannot be reached.
    """
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        found = Cluster(name, region, profile, path, progress).status(ask_scheduler=not nodes_only)
    if html:
        write_page(html, found)
    report(found.document(), lines_of(found), as_json)
    if found.problems():
        sys.exit(NOT_HEALTHY)
    if found.unreachable:
        sys.exit(UNREACHABLE)


def write_page(file: Path, status: ClusterStatus) -> None:
    """Write the page of a status.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        replace(file, page(status.cluster, status), 0o644)
    except OSError as error:
        raise click.UsageError(f"--html: cannot write {file}: {error.strerror}") from error


def lines_of(status: ClusterStatus) -> list[str]:
    """Lines for a terminal: a table, the pools, problems and notes."""
    named = ("problem", "note")
    below = [f"{line.kind}: {line.text}" if line.kind in named else line.text for line in lines(status)]
    return [*table(*rows(status)), "", *below]
