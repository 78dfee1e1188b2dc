"""Keeps the rig's namespaces while its stdin is open, then removes all that belongs to them.

    unshare --mount keeper.py FOLDER

The test's process has the other end of stdin. When it ends, for whatever reason, this process kills the first
process of the namespaces; the kernel then ends all their processes, mounts, addresses and loop devices.
Control groups and the files in FOLDER remain; this process removes them.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

INSIDE = Path(__file__).with_name("inside.py")

#: Options of unshare: the namespaces of the rig. inside.py creates the network namespace.
NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--cgroup", "--mount-proc", "--fork", "--kill-child")

#: Prefix of a rig's control group; the process id of the keeper follows.
GROUP = "dask-rig-"

#: Timeout for the kernel to end the processes.
END_SECONDS = 20


def main(folder: Path) -> None:
    """Start inside.py, wait until stdin is closed, and clean up."""
    groups = folder / "cgroup"
    groups.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", groups], check=True)
    for group in groups.glob(f"{GROUP}*"):
        # Left by a keeper that was killed.
        if not Path(f"/proc/{group.name.removeprefix(GROUP)}").exists():
            remove(group)
    group = groups / f"{GROUP}{os.getpid()}"
    group.mkdir()
    command = ["unshare", *NAMESPACES, sys.executable, str(INSIDE), str(folder)]
    enter = (group / "cgroup.procs").write_text
    with subprocess.Popen(command, stdin=subprocess.PIPE, preexec_fn=lambda: enter("0")) as holder:
        try:
            sys.stdin.read()
        finally:
            holder.kill()
    deadline = time.monotonic() + END_SECONDS
    while not remove(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    subprocess.run(["umount", groups], check=True)
    shutil.rmtree(folder)


def remove(group: Path) -> bool:
    """Remove a control group and its children. Returns False while one has a process."""
    try:
        for path, _, _ in os.walk(group, topdown=False):
            os.rmdir(path)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    main(Path(sys.argv[1]))
