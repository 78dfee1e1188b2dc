"""A systemd-nspawn container (guest): its root file system, start, commands and stop."""

import shlex
import subprocess
import uuid
from pathlib import Path

from .namespaces import Namespaces

#: Signal on which systemd as PID 1 powers off.
POWER_OFF = "RTMIN+4"

#: Exit code of systemd-nspawn when the guest requests a reboot and no service manager started nspawn.
REBOOT = 133

ENVIRONMENT = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LC_ALL=C.UTF-8",
)


class Guest:
    """A guest. Its network namespace has the same name. Its root file system is kept after a stop."""

    def __init__(
        self, namespaces: Namespaces, name: str, hostname: str, layers: list[Path], options: list[str]
    ):
        self.namespaces, self.name, self.hostname = namespaces, name, hostname
        folder = namespaces.disk / name
        self.console = namespaces.folder / f"{name}.console"
        self.root = folder / "root"
        #: Files that differ from the image (upper directory of the overlay).
        self.changes = folder / "changes"
        mount_overlay(namespaces, self.root, layers, self.changes)
        #: Path of the root file system from outside the rig's namespaces.
        self.files = Path(f"/proc/{namespaces.first}/root{self.root}")
        self.group = f"/sys/fs/cgroup/{name}"
        #: Additional options of systemd-nspawn.
        self.options = options
        self.nspawn = [
            "systemd-nspawn",
            *("--quiet", "--boot", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no"),
            *("--resolv-conf=off", "--timezone=off", "--console=read-only"),
            *(f"--directory={self.root}", f"--uuid={uuid.uuid4()}", f"--hostname={hostname}"),
            f"--network-namespace-path=/run/netns/{name}",
        ]

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """Write a file."""
        file = self.files / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(mode)

    def start(self) -> None:
        """Boot the guest, and boot it again each time it requests a reboot."""
        script = f"""
mkdir -p {self.group}
echo $$ >{self.group}/cgroup.procs
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
while {shlex.join([*self.nspawn, *self.options])}; [ $? = {REBOOT} ]; do :; done
"""
        self.process = self.namespaces.start("sh", "-c", script, log=self.console)

    def run(self, *command: str, seconds: float) -> subprocess.CompletedProcess[str]:
        """Run a command in the guest. Fails until systemd has started."""
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
        """Shut down. Kills the guest if that takes longer than `seconds`."""
        self.namespaces.run("sh", "-c", f"{self._first()} && kill -s {POWER_OFF} $first")
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill all processes at once, like a loss of power."""
        self.namespaces.shell(f"echo 1 >{self.group}/cgroup.kill")
        self.process.wait(timeout=20)

    def unmount(self) -> Path:
        """Unmount the root of a stopped guest. Returns its changes, which can be a layer of other guests."""
        self.namespaces.shell(f"umount {self.root}; ip netns delete {self.name}")
        return self.changes

    def _first(self) -> str:
        return f"read -r first <{self.group}/payload/init.scope/cgroup.procs"


def mount_overlay(namespaces: Namespaces, root: Path, layers: list[Path], changes: Path) -> None:
    """Mount an overlay. `layers` are read-only, lowest first; `changes` receives all writes."""
    work = changes.with_name(f"{changes.name}.work")
    lower = ":".join(str(layer) for layer in reversed(layers))
    namespaces.shell(
        f"mkdir -p {root} {changes} {work}\n"
        f"mount -t overlay rig -o lowerdir={lower},upperdir={changes},workdir={work} {root}"
    )
