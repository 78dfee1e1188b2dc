"""A machine of the rig, as a test speaks with it."""

import json
import subprocess
import time

from .disks import Disks
from .guest import Guest

NODE_LOG = "/var/log/dask-node.log"
STATUS = "/var/lib/dask-node/status.json"

#: systemd waits up to 90 s for a process that does not end when it is killed, as one from outside may not.
REBOOT_SECONDS = 150


class NodeError(AssertionError):
    """What a machine did not do, with the end of its console and of its node log."""


class Node:
    """Boots at once; its files outlive a stop."""

    def __init__(self, guest: Guest, address: str, disks: Disks):
        self.guest, self.address, self.disks = guest, address, disks
        self.instance = guest.name
        #: As EC2 names machines.
        self.name = guest.hostname

    def start(self) -> None:
        """Turn it on."""
        self.started = time.monotonic()
        self.guest.start()

    def run(self, command: str, seconds: float = 60) -> str:
        """What a shell command prints; NodeError where it fails."""
        done = self.attempt(command, seconds)
        if done.returncode != 0:
            self.fail(f"'{command}' ended with {done.returncode}:\n{tail(done.stdout + done.stderr)}")
        return done.stdout.strip()

    def attempt(self, command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a shell command, however it ends."""
        return self.guest.run("bash", "-c", command, seconds=seconds)

    def wait_for(self, command: str, seconds: float, what: str | None = None) -> None:
        """Wait until a shell command succeeds."""
        deadline = time.monotonic() + seconds
        while (done := self.attempt(command)).returncode != 0:
            if self.guest.process.poll() is not None:
                self.fail(f"it is off, while waiting for: {what or command}")
            if time.monotonic() > deadline:
                self.fail(f"not within {seconds:.0f} s: {what or command}\n{done.stdout}{done.stderr}")
            time.sleep(0.5)

    def wait_for_state(self, state: str, seconds: float) -> dict:
        """Wait until the phases have ended in `ready` or `failed`; the content of status.json."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if status.get("state") == state:
                return status
            if status.get("state") in ("ready", "failed"):
                self.fail(f"it is {status}, expected {state}")
            if self.guest.process.poll() is not None:
                self.fail(f"it is off, expected {state}")
            if time.monotonic() > deadline:
                self.fail(f"it is {status or 'without a status'} after {seconds:.0f} s, expected {state}")
            time.sleep(0.5)

    def status(self) -> dict:
        """The content of status.json; empty while there is none."""
        done = self.attempt(f"cat {STATUS}", 10)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {}

    def reboot(self, seconds: float = REBOOT_SECONDS) -> None:
        """Have it reboot, and wait until its first process is another."""
        before = self.run("cat /proc/sys/kernel/random/boot_id")
        self.attempt("systemctl reboot", 10)
        self.wait_for(
            f'[[ -d /run/systemd/system && $(cat /proc/sys/kernel/random/boot_id) != "{before}" ]]',
            seconds,
            "its reboot",
        )

    def stop(self, seconds: float = 60) -> None:
        """Have it shut down."""
        self.guest.stop(seconds)

    def kill(self) -> None:
        """Take its power away."""
        self.guest.kill()

    def console(self) -> str:
        """All that it wrote to its console, over all its boots."""
        return self.guest.console.read_text(errors="replace")

    def log(self) -> str:
        """The log of its phases."""
        file = self.guest.files / NODE_LOG.lstrip("/")
        return file.read_text() if file.exists() else ""

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """Put a file on it."""
        self.guest.write(path, content, mode)

    def fail(self, message: str) -> None:
        """Say what is wrong with all that helps to find out why."""
        raise NodeError(
            f"{self.instance} at {self.address}: {message}\n"
            f"--- end of its console\n{tail(self.console())}\n--- end of {NODE_LOG}\n{tail(self.log())}"
        )


def tail(text: str, lines: int = 40) -> str:
    return "\n".join(text.splitlines()[-lines:])
