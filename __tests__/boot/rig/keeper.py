"""Keeps the rig's namespaces for as long as its stdin is open, and leaves nothing of them.

    unshare --mount keeper.py FOLDER

Whoever starts it holds the other end of stdin, so however that process ends, this one notices and ends the
first process of the namespaces; with it the kernel ends every other, every mount, address and loop device.
What the kernel keeps, the control groups and the files below FOLDER, is removed here.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

INSIDE = Path(__file__).with_name("inside.py")

#: What a machine of the rig shares with no process outside. The network's namespace is made by inside.py.
NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--cgroup", "--mount-proc", "--fork", "--kill-child")

#: Control group of a rig; the keeper's process id follows.
GROUP = "dask-rig-"

#: Seconds that the kernel may take to end the processes.
END_SECONDS = 20


def main(folder: Path) -> None:
    """Hold, then remove."""
    groups = folder / "cgroup"
    groups.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", groups], check=True)
    for group in groups.glob(f"{GROUP}*"):
        # A keeper that was killed itself left it.
        if not Path(f"/proc/{group.name.removeprefix(GROUP)}").exists():
            removed(group)
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
    while not removed(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    subprocess.run(["umount", groups], check=True)
    shutil.rmtree(folder)


def removed(group: Path) -> bool:
    """Remove a control group with those below it; False while a process is left in one."""
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
