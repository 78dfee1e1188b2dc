"""Follows the output of a command on a node, by an interactive session of Session Manager."""

import re
from collections.abc import Callable

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.plugin import Session

DOCUMENT = "AWS-StartInteractiveCommand"

PLUGIN_LINE = re.compile(r"\s*|(Starting|Exiting) session with SessionId: .*", re.IGNORECASE)
"""What the plugin prints before and after the output of the command."""


def follow(aws: AwsCluster, instance: str, command: str, show: Callable[[str], None] | None = None) -> None:
    """Show the output of a command until it ends, or until Ctrl-C, which ends it on the node too.

    Args:
        aws: The cluster.
        instance: Id of the instance.
        command: Command line; the user `ssm-user` runs it.
        show: Gets each line. By default, the plugin writes to this terminal.

    Raises:
        ConnectError: the plugin is missing or too old, or AWS starts no session.
        KeyboardInterrupt: Ctrl-C.
    """
    session = Session(aws, instance, DOCUMENT, {"command": [command]}, shown=show is None)
    try:
        for line in session.process.stdout or ():
            text = line.decode(errors="replace").rstrip("\r\n")
            if show and not PLUGIN_LINE.fullmatch(text):
                show(text)
        session.process.wait()
    finally:
        session.close()
