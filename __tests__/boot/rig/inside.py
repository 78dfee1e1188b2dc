"""First process of the rig's namespaces: lays network and disk, says so in FOLDER/ready, and waits.

When it ends, all ends. Traffic to the Internet leaves by slirp4netns, which is a plain user of this machine's
network: no address, rule or setting of this machine is changed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from network import ADMIN_GATEWAY, BRIDGE, BRIDGE_ADDRESS, DOUBLES, GATEWAY, METADATA, STRANGE_GATEWAY, UPLINK

CLONE_NEWNET = 0x4000_0000
UPLINK_SECONDS = 20

#: Most that the guests' files may take, in GiB; what is not written takes nothing.
DISK = 60

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
ip address add {STRANGE_GATEWAY} dev {BRIDGE}
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
    """Lay all out, and hold it while stdin is open."""
    # It stays in this machine's network, and begins once ours is another.
    slirp = ["slirp4netns", "--configure", "--disable-host-loopback", "1", UPLINK]
    uplink = subprocess.Popen(["sh", "-c", 'read -r _ && exec "$@"', "sh", *slirp], stdin=subprocess.PIPE)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace")
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
            raise SystemExit("slirp4netns gives the rig no way out")
        time.sleep(0.05)
    # Orphans of the rig become this process's children, and are to vanish when they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    (folder / "ready").touch()
    sys.stdin.read()


def mount_disk(folder: Path) -> None:
    """FOLDER/disk, for the guests' files: in a file without a name, which is gone with its mount."""
    file, disk = folder / "disk.ext4", folder / "disk"
    disk.mkdir()
    with open(file, "wb") as sparse:
        sparse.truncate(DISK * 2**30)
    # Nobody reads it after a crash: no journal, and nothing is written before it must be.
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", file], check=True)
    subprocess.run(["mount", "-o", "loop,noatime,nobarrier", file, disk], check=True)
    file.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
