"""A node of the rig: runs commands, waits for states, and fails with logs."""

import json
import subprocess
import time

from .disks import Disks
from .guest import Guest

NODE_LOG = "/var/log/dask-node.log"
STATUS = "/var/lib/dask-node/status.json"

#: systemd waits up to 90 s for processes that it cannot kill, such as those that `nsenter` started.
REBOOT_SECONDS = 150


class NodeError(AssertionError):
    """A failed expectation about a node, with the end of its console and of its node log."""


class Node:
    """A node. Its files are kept after a stop."""

    def __init__(self, guest: Guest, address: str, disks: Disks):
        self.guest, self.address, self.disks = guest, address, disks
        self.instance = guest.name
        #: Hostname, in the form that EC2 uses.
        self.name = guest.hostname

    def start(self) -> None:
        """Boot the node."""
        self.started = time.monotonic()
        self.guest.start()

    def run(self, command: str, seconds: float = 60) -> str:
        """Run a shell command and return what it prints. Raises NodeError if it fails."""
        done = self.attempt(command, seconds)
        if done.returncode != 0:
            self.fail(
                f"'{command}' failed with exit code {done.returncode}:\n{tail(done.stdout + done.stderr)}"
            )
        return done.stdout.strip()

    def attempt(self, command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a shell command that may fail."""
        return self.guest.run("bash", "-c", command, seconds=seconds)

    def wait_for(self, command: str, seconds: float, what: str | None = None) -> None:
        """Wait until a shell command succeeds."""
        deadline = time.monotonic() + seconds
        while (done := self.attempt(command)).returncode != 0:
            if self.guest.process.poll() is not None:
                self.fail(f"stopped while the test waited for: {what or command}")
            if time.monotonic() > deadline:
                self.fail(f"timeout after {seconds:.0f} s: {what or command}\n{done.stdout}{done.stderr}")
            time.sleep(0.5)

    def wait_for_state(self, state: str, seconds: float) -> dict:
        """Wait for the state `ready` or `failed`. Returns the content of status.json."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if status.get("state") == state:
                return status
            if status.get("state") in ("ready", "failed"):
                self.fail(f"status: got {status}, expected {state}")
            if self.guest.process.poll() is not None:
                self.fail(f"stopped, expected {state}")
            if time.monotonic() > deadline:
                self.fail(f"status after {seconds:.0f} s: got {status or 'none'}, expected {state}")
            time.sleep(0.5)

    def status(self) -> dict:
        """Return the content of status.json, or an empty dict while the file does not exist."""
        done = self.attempt(f"cat {STATUS}", 10)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {}

    def reboot(self, seconds: float = REBOOT_SECONDS) -> None:
        """Reboot, and wait until systemd has started again."""
        before = self.run("cat /proc/sys/kernel/random/boot_id")
        self.attempt("systemctl reboot", 10)
        self.wait_for(
            f'[[ -d /run/systemd/system && $(cat /proc/sys/kernel/random/boot_id) != "{before}" ]]',
            seconds,
            "the reboot",
        )

    def stop(self, seconds: float = 60) -> None:
        """Shut down."""
        self.guest.stop(seconds)

    def kill(self) -> None:
        """Kill all processes at once, like a loss of power."""
        self.guest.kill()

    def console(self) -> str:
        """Return the console output of all boots."""
        return self.guest.console.read_text(errors="replace")

    def log(self) -> str:
        """Return the log of the steps."""
        file = self.guest.files / NODE_LOG.lstrip("/")
        return file.read_text() if file.exists() else ""

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """Write a file."""
        self.guest.write(path, content, mode)

    def fail(self, message: str) -> None:
        """Raise NodeError with the message and the ends of the logs."""
        raise NodeError(
            f"{self.instance} at {self.address}: {message}\n"
            f"--- end of the console\n{tail(self.console())}\n--- end of {NODE_LOG}\n{tail(self.log())}"
        )


def tail(text: str, lines: int = 40) -> str:
    """Return the last lines of a text."""
    return "\n".join(text.splitlines()[-lines:])
