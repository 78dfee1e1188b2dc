"""Command line `dask-cluster`: a group with a file for each command.

It uses click, which Dask requires as well, so that the release's lockfile has all that it needs.
"""

import sys
from typing import Any

import click

from cdktf_dask.backup.errors import BackupError
from cdktf_dask.cli.backup import backup, backups, restore
from cdktf_dask.cli.bundle import bundle
from cdktf_dask.cli.connect import connect
from cdktf_dask.cli.cost import cost
from cdktf_dask.cli.dashboard import dashboard
from cdktf_dask.cli.drain import drain
from cdktf_dask.cli.logs import logs
from cdktf_dask.cli.metrics import metrics
from cdktf_dask.cli.on_scheduler import renew_certificates, restart_scheduler, rotate_password, smoke_test
from cdktf_dask.cli.salvage import salvage
from cdktf_dask.cli.scale import scale
from cdktf_dask.cli.status import status
from cdktf_dask.cli.tunnel import tunnel
from cdktf_dask.client.errors import ConnectError

BACKUP_FAILED = 4


class Commands(click.Group):
    """Prints errors of a client as one line on stderr, and ends with their exit code."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ConnectError as error:
            click.echo(f"dask-cluster: {error}", err=True)
            sys.exit(error.exit_code)
        except BackupError as error:
            click.echo(f"dask-cluster: {error}", err=True)
            sys.exit(BACKUP_FAILED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Connects to a Dask cluster, shows what it does, operates it, and backs up its published datasets.

    Exit code: 0 done, 1 the cluster is not healthy, a command failed, or versions of client and cluster
    differ, 2 wrong usage, 3 cannot connect, 4 a backup, a restore or a salvage failed.
    """


for command in (
    *(connect, bundle, tunnel),
    *(status, cost, logs, metrics, dashboard, scale, drain, restart_scheduler, renew_certificates),
    *(smoke_test, rotate_password),
    *(backup, restore, backups, salvage),
):
    main.add_command(command)
