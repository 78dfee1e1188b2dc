"""The rig does not change the host, and leaves nothing when its test is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from rig.network import BRIDGE

FOLDER = Path(__file__).parent
GONE_SECONDS = 30

#: A test to kill: starts a rig, prints its keeper and folder, and sleeps.
TEST_TO_KILL = """
import json, os, time
from rig.rig import Rig
rig = Rig()
node = rig.boot("i-0000000000000dead", rig.clusters["lonely"].worker("cpu"), "10.77.0.66", disks=(400, 400))
node.wait_for("systemctl is-system-running | grep -qE 'starting|running|degraded'", 60)
print(json.dumps({"keeper": rig.namespaces.keeper.pid, "folder": str(rig.namespaces.folder)}), flush=True)
time.sleep(600)
"""


def test_a_killed_test_leaves_nothing():
    before = host_state()
    command = [sys.executable, "-c", TEST_TO_KILL]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        rig = json.loads(process.stdout.readline())
        assert host_state() == before
        assert len(processes(rig["keeper"])) > 10
        assert len(loop_devices(rig["folder"])) == 4
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + GONE_SECONDS
    while left := remains(rig):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    assert host_state() == before


def test_the_gateway_keeps_its_mac_address_when_interfaces_are_added(rig):
    shown = f"cat /sys/class/net/{BRIDGE}/address"
    before = rig.namespaces.shell(shown)
    lowest = "ip link add lowest address 00:00:00:00:00:01 type veth peer name other"
    rig.namespaces.shell(f"{lowest} && ip link set lowest master {BRIDGE}")
    try:
        assert rig.namespaces.shell(shown) == before
    finally:
        rig.namespaces.shell("ip link delete lowest")


def host_state() -> dict[str, object]:
    """Return interfaces, routes, rules, mounts and kernel settings of the host."""
    commands = ("ip -oneline address", "ip route", "nft list ruleset", "sysctl net.ipv4.ip_forward")
    state: dict[str, object] = {
        command: subprocess.run(command.split(), capture_output=True, text=True, timeout=10).stdout
        for command in commands
    }
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return state | {"mounts": sorted(mounts)}


def processes(keeper: int) -> list[str]:
    """Return the names of the processes in the control groups of a rig."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            if f"/dask-rig-{keeper}" in process.read_text():
                found.append(process.with_name("comm").read_text().strip())
        except OSError:  # the process has ended
            continue
    return found


def loop_devices(folder: str) -> list[str]:
    """Return the files in a folder that are attached as loop devices."""
    backing = []
    for file in Path("/sys/block").glob("loop*/loop/backing_file"):
        with suppress(OSError):  # the device has been detached
            backing.append(file.read_text())
    return [name for name in backing if name.startswith(folder)]


def control_groups(keeper: int) -> list[Path]:
    """Return the control groups of a rig in all cgroup mounts of the host."""
    roots = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if " cgroup2 " in line]
    return [Path(root, f"dask-rig-{keeper}") for root in roots if Path(root, f"dask-rig-{keeper}").exists()]


def remains(rig: dict) -> dict[str, object]:
    """Return what is left of a rig; empty if nothing is left."""
    keeper, folder = rig["keeper"], rig["folder"]
    left = {
        "processes": processes(keeper) + [pid for pid in [keeper] if os.path.exists(f"/proc/{pid}")],
        "groups": control_groups(keeper),
        "loop devices": loop_devices(folder),
        "folder": [folder] if os.path.exists(folder) else [],
    }
    return {what: found for what, found in left.items() if found}
