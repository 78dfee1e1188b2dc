"""A node with two instance-store disks mounts them as RAID 0 and spills there, also after a stop."""

import pytest

SCRATCH = "/var/lib/dask/scratch"
READY_SECONDS = 240

#: Sizes in MiB. XFS needs at least 300.
DISKS = (400, 400)

#: Stores 800 MiB on a worker with 1 GiB, and prints the folder of its spilled files and their size in bytes.
SPILLING = """
import os, sys
from pathlib import Path
from distributed import Client, wait

def spilled(dask_worker):
    files = Path(dask_worker.local_directory, "storage").glob("*")
    return dask_worker.local_directory, sum(file.stat().st_size for file in files)

with Client("tls://scheduler.rig.internal:8786", timeout=20) as client:
    workers = client.scheduler_info(n_workers=-1)["workers"]
    [address] = [address for address, worker in workers.items() if worker["name"] == sys.argv[1]]
    held = client.map(lambda number: os.urandom(100 * 2**20), range(8), workers=[address], pure=False)
    wait(held, timeout=60)
    print(*client.run(spilled, workers=[address])[address])
"""


@pytest.fixture(scope="module")
def node(rig, cluster):
    """A ready node with an instance type that has instance-store disks."""
    definition = rig.clusters["scratch"]
    node = rig.boot("i-00000000000000031", definition.worker("cpu"), "10.77.0.31", disks=DISKS)
    node.wait_for_state("ready", READY_SECONDS)
    yield node
    node.stop()


def assert_striped(node, times: int) -> None:
    """The scratch space is XFS on an array of both disks, created `times` times. The worker uses it."""
    assert node.run(f"findmnt --noheadings --output FSTYPE {SCRATCH}") == "xfs"
    size = int(node.run(f"findmnt --bytes --noheadings --output SIZE {SCRATCH}"))
    assert 0.85 * sum(DISKS) < size / 2**20 <= sum(DISKS)
    made = [call for call in node.run("cat /var/log/mdadm.calls").splitlines() if call.startswith("--create")]
    assert len(made) == times
    assert made[-1].split()[1] == "/dev/md/dask-scratch"
    assert {"--level=0", "--raid-devices=2"} < set(made[-1].split())
    assert made[-1].endswith(" /dev/nvme1n1 /dev/nvme2n1")
    assert node.run(f"stat --format '%U %a' {SCRATCH}") == "dask 750"
    node.wait_for(f"ls {SCRATCH}/dask-scratch-space/worker-*", 30, "the worker's directory on the array")


def test_two_disks_are_mounted_as_raid_0(node):
    assert_striped(node, times=1)


def test_the_worker_spills_to_the_array(cluster, node):
    directory, spilled = cluster.client.python(SPILLING, f"cpu--{node.name}").split()
    assert directory.startswith(f"{SCRATCH}/dask-scratch-space/worker-")
    assert int(spilled) >= 100 * 2**20


def test_a_reboot_keeps_the_files(node):
    node.run(f"touch {SCRATCH}/stays")
    node.reboot()
    node.wait_for("systemctl is-active --quiet dask-worker", 60)
    assert_striped(node, times=1)
    node.run(f"test -e {SCRATCH}/stays")


def test_after_a_stop_the_blank_disks_get_a_new_array(node):
    node.stop()
    node.disks.blank()
    node.start()
    node.wait_for("systemctl is-active --quiet dask-worker", 60)
    assert_striped(node, times=2)
    assert node.attempt(f"test -e {SCRATCH}/stays").returncode == 1
