"""First process of the rig's namespaces: sets up network and disk, creates FOLDER/ready, and waits.

When it ends, the kernel ends all processes in the namespaces. slirp4netns forwards traffic to the Internet as
an ordinary process of the host, so no address, rule or setting of the host changes.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from network import ADMIN_GATEWAY, BRIDGE, BRIDGE_ADDRESS, DOUBLES, GATEWAY, METADATA, OTHER_GATEWAY, UPLINK

CLONE_NEWNET = 0x4000_0000
UPLINK_SECONDS = 20

#: Size of the file system for the guests' files. The file is sparse.
DISK_GIB = 60

LAYOUT = f"""
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
sysctl --quiet --write net.ipv4.ip_forward=1
ip link set lo up
ip link add {BRIDGE} address {BRIDGE_ADDRESS} type bridge
ip address add {GATEWAY} dev {BRIDGE}
ip address add {ADMIN_GATEWAY} dev {BRIDGE}
ip address add {OTHER_GATEWAY} dev {BRIDGE}
ip address add {METADATA}/32 dev {BRIDGE}
ip link set {BRIDGE} up
"""

RULES = f"""
table ip rig {{
  chain leave {{
    type nat hook postrouting priority srcnat
    oifname {UPLINK} masquerade
  }}
}}
"""


def main(folder: Path) -> None:
    """Set up network and disk, and wait until stdin is closed."""
    # It stays in the host's network namespace, and starts after this process has left it.
    slirp = ["slirp4netns", "--configure", "--disable-host-loopback", "1", UPLINK]
    uplink = subprocess.Popen(["sh", "-c", 'read -r _ && exec "$@"', "sh", *slirp], stdin=subprocess.PIPE)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot create a network namespace")
    os.write(uplink.stdin.fileno(), b"begin\n")
    mount_disk(folder)
    for line in LAYOUT.strip().splitlines():
        subprocess.run(line.split(), check=True)
    for address in DOUBLES.values():
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    deadline = time.monotonic() + UPLINK_SECONDS
    while b"inet " not in subprocess.run(["ip", "address", "show", UPLINK], capture_output=True).stdout:
        if uplink.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("slirp4netns did not start: the rig has no internet access")
        time.sleep(0.05)
    # This process adopts the orphans of the namespaces; the kernel reaps them with SIG_IGN.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    (folder / "ready").touch()
    sys.stdin.read()


def mount_disk(folder: Path) -> None:
    """Mount FOLDER/disk for the guests' files. Its image file is unlinked, so it vanishes with the mount."""
    file, disk = folder / "disk.ext4", folder / "disk"
    disk.mkdir()
    with open(file, "wb") as sparse:
        sparse.truncate(DISK_GIB * 2**30)
    # It is not used after a crash, so it needs no journal and no write barriers.
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", file], check=True)
    subprocess.run(["mount", "-o", "loop,noatime,nobarrier", file, disk], check=True)
    file.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
