"""A guest as systemd-nspawn runs it: its root over the image, its start, its way in."""

import shlex
import subprocess
import uuid
from pathlib import Path

from .namespaces import Namespaces

#: Signal that systemd, as the first process, takes for "power off".
POWER_OFF = "RTMIN+4"

#: nspawn ends so where the guest asks for a reboot and no service manager has started nspawn.
REBOOT = 133

ENVIRONMENT = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LC_ALL=C.UTF-8",
)


class Guest:
    """A name, a root that outlives a stop, and a console. Its network namespace has its name."""

    def __init__(
        self, namespaces: Namespaces, name: str, hostname: str, layers: list[Path], options: list[str]
    ):
        self.namespaces, self.name, self.hostname = namespaces, name, hostname
        folder = namespaces.disk / name
        self.console = namespaces.folder / f"{name}.console"
        self.root = folder / "root"
        #: What differs from the image.
        self.changes = folder / "changes"
        mount_overlay(namespaces, self.root, layers, self.changes)
        #: The root as a process outside the rig's namespaces sees it.
        self.files = Path(f"/proc/{namespaces.first}/root{self.root}")
        self.group = f"/sys/fs/cgroup/{name}"
        #: Of nspawn, beside those that every guest has.
        self.options = options
        self.nspawn = [
            "systemd-nspawn",
            *("--quiet", "--boot", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no"),
            *("--resolv-conf=off", "--timezone=off", "--console=read-only"),
            *(f"--directory={self.root}", f"--uuid={uuid.uuid4()}", f"--hostname={hostname}"),
            f"--network-namespace-path=/run/netns/{name}",
        ]

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """Put a file into its root."""
        file = self.files / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(mode)

    def start(self) -> None:
        """Boot it, and again each time it asks for a reboot."""
        script = f"""
mkdir -p {self.group}
echo $$ >{self.group}/cgroup.procs
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
while {shlex.join([*self.nspawn, *self.options])}; [ $? = {REBOOT} ]; do :; done
"""
        self.process = self.namespaces.start("sh", "-c", script, log=self.console)

    def run(self, *command: str, seconds: float) -> subprocess.CompletedProcess[str]:
        """Run a command in it; it fails while there is no systemd to be found."""
        words = (
            "env",
            "--ignore-environment",
            "--chdir=/",
            *ENVIRONMENT,
            "timeout",
            "--signal=KILL",
            str(seconds),
            *command,
        )
        script = f"{self._first()} && exec nsenter --target $first --all {shlex.join(words)}"
        return self.namespaces.run("sh", "-c", script, seconds=seconds + 5)

    def stop(self, seconds: float) -> None:
        """Have it power off in good order; after the seconds its power is cut."""
        self.namespaces.run("sh", "-c", f"{self._first()} && kill -s {POWER_OFF} $first")
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Cut its power."""
        self.namespaces.shell(f"echo 1 >{self.group}/cgroup.kill")
        self.process.wait(timeout=20)

    def unmount(self) -> Path:
        """Unmount its root; the changes that remain are a layer for others."""
        self.namespaces.shell(f"umount {self.root}; ip netns delete {self.name}")
        return self.changes

    def _first(self) -> str:
        return f"read -r first <{self.group}/payload/init.scope/cgroup.procs"


def mount_overlay(namespaces: Namespaces, root: Path, layers: list[Path], changes: Path) -> None:
    """Mount a root over layers, the lowest first; what is written goes to the changes."""
    work = changes.with_name(f"{changes.name}.work")
    lower = ":".join(str(layer) for layer in reversed(layers))
    namespaces.shell(
        f"mkdir -p {root} {changes} {work}\n"
        f"mount -t overlay rig -o lowerdir={lower},upperdir={changes},workdir={work} {root}"
    )
