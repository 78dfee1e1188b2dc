"""Command line `dask-cluster`: a group with a file for each command.

It uses click, which Dask requires as well, so that the release's lockfile has all that it needs.
"""

import sys
from typing import Any

import click

from cdktf_dask.cli.bundle import bundle
from cdktf_dask.cli.connect import connect
from cdktf_dask.cli.tunnel import tunnel
from cdktf_dask.client.errors import ConnectError, VersionsDiffer

VERSIONS_DIFFER = 1
CANNOT_CONNECT = 3


class Commands(click.Group):
    """Prints errors of a client as one line on stderr, and ends with their exit code."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ConnectError as error:
            click.echo(f"dask-cluster: {error}", err=True)
            sys.exit(VERSIONS_DIFFER if isinstance(error, VersionsDiffer) else CANNOT_CONNECT)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Connects to a Dask cluster, and shows what it does.

    Exit code: 0 done, 1 versions of client and cluster differ, 2 wrong usage, 3 cannot connect.
    """


for command in (connect, bundle, tunnel):
    main.add_command(command)
