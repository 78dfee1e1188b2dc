"""Follows the output of a command on a node, by an interactive session of Session Manager."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.plugin import RESPONSE, find_plugin

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
    """
    program = find_plugin()
    parameters = {"command": [command]}
    session = aws.start_session(instance, parameters, DOCUMENT)
    response = {key: session[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
    request = {"Target": instance, "DocumentName": DOCUMENT, "Parameters": parameters}
    endpoint = f"https://ssm.{aws.region}.amazonaws.com"
    arguments = (RESPONSE, aws.region, "StartSession", aws.profile or "", json.dumps(request), endpoint)
    # Ctrl-C is for the plugin, which sends it to the node. A child does not inherit a handler.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        process = subprocess.Popen(
            [program, *arguments],
            env=os.environ | {RESPONSE: json.dumps(response)},
            stdout=subprocess.PIPE if show else None,
            text=True,
        )
        with process:
            for line in process.stdout or ():
                text = line.rstrip("\r\n")
                if show and not PLUGIN_LINE.fullmatch(text):
                    show(text)
    finally:
        signal.signal(signal.SIGINT, before)
