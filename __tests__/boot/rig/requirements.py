"""Checks that the host can run the rig. As a script it prints what is missing and returns exit code 1."""

import os
import platform
import shutil
import sys
from pathlib import Path

if __package__:
    from .python import NoPython, find_python
else:
    from python import NoPython, find_python

#: Commands, and the packages of Debian and Ubuntu that contain them.
COMMANDS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "slirp4netns": "slirp4netns",
    "nft": "nftables",
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "nsenter": "util-linux",
    "node": "nodejs",
}


def missing() -> str | None:
    """Return what is missing and what to do, or None."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        return "booting guests requires Linux and root. Hint: run it as root"
    for device in ("/dev/net/tun", "/dev/loop-control"):
        if not Path(device).exists():
            return f"{device} is missing. Hint: use a kernel that has it, for example in a virtual machine"
    packages = sorted({package for command, package in COMMANDS.items() if shutil.which(command) is None})
    if packages:
        return f"commands are missing. Hint: apt-get install --no-install-recommends {' '.join(packages)}"
    try:
        find_python()
    except NoPython as reason:
        return str(reason)
    return None


if __name__ == "__main__":
    reason = missing()
    print(reason or "nothing is missing")
    sys.exit(reason is not None)
