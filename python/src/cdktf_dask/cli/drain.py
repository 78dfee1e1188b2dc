"""`dask-cluster drain`: takes a node out of its pool without losing results."""

from pathlib import Path

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report

MAX_SECONDS = 900.0
"""Systems Manager ends a session after 20 minutes without traffic by default."""


def seconds_of(_: click.Context, __: click.Parameter, value: str) -> float:
    """Read a time as Dask does, such as `10m`."""
    from dask.utils import parse_timedelta

    try:
        seconds = float(parse_timedelta(value))
    except (KeyError, ValueError):
        seconds = 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise click.BadParameter(f"got {value!r}, expected a time of up to 15 minutes, such as 90s or 10m")
    return seconds


@click.command()
@cluster_options
@click.argument("node")
@PATH
@click.option(
    *("--timeout",),
    callback=seconds_of,
    default="10m",
    show_default=True,
    metavar="TIME",
    help="Time that the drain may take.",
)
@click.option("--replace", is_flag=True, help="Start another node in its place.")
def drain(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    node: str,
    timeout: float,
    replace: bool,
) -> None:
    """Drain a NODE of the cluster NAME, then end it. Its pool has one node fewer.

    NODE is an id as in `dask-cluster status`, or a name as in the names of its workers, such as
    cpu--ip-10-20-0-17. Running tasks may end, and other nodes get its results. If that is not possible, it
    works again.
    """
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        found, drained = Cluster(name, region, profile, path, progress).drain(node, timeout, replace)
    document = {
        "cluster": name,
        "node": found.id,
        "pool": found.pool,
        "workers": len(drained.workers),
        "givenBack": drained.given_back,
        "seconds": drained.seconds,
        "replaced": replace,
    }
    lines = [
        f"{found.id} of {name} ends after a drain of {drained.seconds:.1f} s: "
        f"{len(drained.workers)} workers, {drained.given_back} waiting tasks given back",
        "another node starts in its place" if replace else f"pool {found.pool} has one node fewer",
    ]
    report(document, lines, as_json)
