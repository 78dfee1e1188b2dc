"""The program `session-manager-plugin` of AWS: one process, which is the client's end of a session.

What it reads and prints: `session.go`, `muxportforwarding.go` and `shellsession.go` of
github.com/aws/session-manager-plugin.
"""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any

from cdktf_dask.client.aws import DOCUMENT, AwsCluster
from cdktf_dask.client.errors import ConnectError

PLUGIN = "session-manager-plugin"

MIN_VERSION = (1, 2, 536)
"""From 1.2.536.0 on, the plugin reads the session's token from an environment variable."""

INSTALL = (
    "install it: "
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)

RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"

READY = b"Waiting for connections"
START_SECONDS = 20.0
END_SECONDS = 3.0

GUARD = """\
exec 3<&0
{
  read -r _ <&3
  kill -INT $$
  for second in 0 1 2; do sleep 1; kill -0 $$ || exit; done
  kill -KILL $$
} >/dev/null 2>&1 &
exec "$@" 3<&-
"""
"""Ends the plugin when this Python is gone, however it ended: then standard input ends.

The plugin has the same standard input, which never has anything: a session of a command ends when it ends.
"""


class Session:
    """A session with a running plugin.

    `process` is the plugin itself; its process group has only the guard as well.
    """

    def __init__(
        self, aws: AwsCluster, instance: str, document: str, parameters: dict[str, list[str]], shown: bool
    ) -> None:
        """Start a session and the plugin.

        Args:
            aws: The cluster.
            instance: Id of the instance.
            document: Document of the session.
            parameters: Parameters of the document.
            shown: Whether the plugin writes to this terminal, not to a pipe.

        Raises:
            ConnectError: the plugin is missing or too old, or AWS starts no session.
        """
        self._aws = aws
        self.instance = instance
        program = find_plugin()
        session = aws.start_session(instance, parameters, document)
        self._session: str = session["SessionId"]
        response = {key: session[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
        request = {"Target": instance, "DocumentName": document, "Parameters": parameters}
        endpoint = f"https://ssm.{aws.region}.amazonaws.com"
        arguments = (RESPONSE, aws.region, "StartSession", aws.profile or "", json.dumps(request), endpoint)
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            ["sh", "-c", GUARD, PLUGIN, program, *arguments],
            env=os.environ | {RESPONSE: json.dumps(response)},
            stdin=subprocess.PIPE,
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
            # Ctrl-C in the terminal is for Python.
            start_new_session=True,
        )

    def close(self) -> None:
        """End plugin and session. Returns when no process is left."""
        if self.process.poll() is None:
            # The plugin then ends the session, or the command of the session.
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ConnectError):
                    self._aws.end_session(self._session)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class Plugin(Session):
    """A session that forwards a local port."""

    def __init__(self, aws: AwsCluster, instance: str, remote_port: int, local_port: int) -> None:
        """Start a session and the plugin, and wait until the plugin listens.

        Raises:
            ConnectError: the plugin is missing, too old or does not listen, or AWS starts no session.
        """
        parameters = {"portNumber": [str(remote_port)], "localPortNumber": [str(local_port)]}
        super().__init__(aws, instance, DOCUMENT, parameters, shown=False)
        try:
            self._wait_until_it_listens(local_port)
        except BaseException:
            self.close()
            raise

    def alive(self) -> bool:
        """Whether the plugin runs. Discards what it has printed, so that its pipe does not fill up."""
        self._read(0)
        return self.process.poll() is None

    def _wait_until_it_listens(self, port: int) -> None:
        printed = b""
        ends = time.monotonic() + START_SECONDS
        while READY not in printed:
            left = ends - time.monotonic()
            piece = self._read(left)
            printed += piece
            if left <= 0 or (not piece and self.process.poll() is not None):
                cause = " ".join(printed.decode(errors="replace").split()).rstrip(".") or "it prints nothing"
                what = "does not listen" if left <= 0 else "ended"
                hint = "try again; with preferences of Session Manager, see docs/connecting.md"
                raise ConnectError(f"{PLUGIN} {what} on port {port}: {cause}", hint)

    def _read(self, seconds: float) -> bytes:
        """What the plugin has printed, after at most so many seconds; empty if nothing or if it ended."""
        pipe: Any = self.process.stdout
        if not select.select([pipe], [], [], max(0.0, seconds))[0]:
            return b""
        piece = os.read(pipe.fileno(), 65536)
        if not piece:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
        return piece


def find_plugin() -> str:
    """Return the path of the plugin.

    Raises:
        ConnectError: it is not installed, or too old.
    """
    program = shutil.which(PLUGIN)
    if program is None:
        reason = f"a session of Session Manager requires {PLUGIN}, which is not installed"
        raise ConnectError(reason, INSTALL)
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=START_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConnectError(f"{program} cannot be run ({error})", INSTALL) from error
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", answer.stdout)
    if version is None or tuple(map(int, version.groups())) < MIN_VERSION:
        needed = ".".join(map(str, MIN_VERSION))
        found = version[0] if version else "without a version"
        raise ConnectError(f"{program} is {found}, expected {needed} or later", INSTALL)
    return program
