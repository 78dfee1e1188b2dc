"""`dask-cluster logs`: logs of nodes, from their journals on AWS and from files of a local cluster."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from cdktf_dask.cli.options import PATH, cluster_options, print_warnings, report
from cdktf_dask.operations.logs import Lines

NOT_READ = 1


@click.command()
@cluster_options
@click.argument("which", metavar="[POOL|NODE]", required=False)
@PATH
@click.option(
    "--lines", "-n", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Of each node."
)
@click.option("--follow", "-f", is_flag=True, help="Show new lines until Ctrl-C; on AWS those of one node.")
@click.option("--boot", is_flag=True, help="The log of the boot, not that of Dask.")
def logs(
    name: str,
    region: str | None,
    profile: str | None,
    as_json: bool,
    path: Path | None,
    which: str | None,
    lines: int,
    follow: bool,
    boot: bool,
) -> None:
    """Show the logs of a POOL or NODE of the cluster NAME, or of all nodes.

    The scheduler is the pool `scheduler`. With --follow and --json, each line is a JSON object.

    Exit code: 0 all logs were read, 1 those of a node were not, 3 AWS or the supervisor cannot be reached.
    """
    from cdktf_dask.client.progress import Progress
    from cdktf_dask.operations.cluster import Cluster

    print_warnings()
    with Progress() as progress:
        cluster = Cluster(name, region, profile, path, progress)
        progress.step(f"reading the logs of {name}")
        if not follow:
            found = cluster.operations.logs(which, lines, boot)
    if not follow:
        document = {"cluster": name, "logs": [_document(one) for one in found]}
        report(document, [line for one in found for line in _lines(one, len(found) > 1)], as_json)
        if any(one.failure for one in found):
            sys.exit(NOT_READ)
        return

    def show(new: Lines) -> None:
        for line in new.lines:
            click.echo(json.dumps({"node": new.node, "line": line}) if as_json else f"{new.node} | {line}")

    with suppress(KeyboardInterrupt):
        # On AWS, the plugin writes to the terminal itself.
        cluster.operations.follow(which, lines, boot, show if as_json or cluster.local else None)


def _lines(log: Lines, several: bool) -> list[str]:
    prefix = f"{log.node} | " if several else ""
    lines = [
        *(["(earlier lines are cut)"] if log.cut else []),
        *log.lines,
        *([f"(not read to its end: {log.failure})"] if log.failure else []),
    ]
    return [f"{prefix}{line}" for line in lines or ["(no lines)"]]


def _document(log: Lines) -> dict[str, Any]:
    return {"node": log.node, "lines": log.lines, "cut": log.cut, "failure": log.failure}
