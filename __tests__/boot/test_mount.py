"""The setup script mount-nfs.sh mounts a file system of an NFS server, in which tasks can write."""

import json

import pytest

SERVER = "10.77.0.200"
READY_SECONDS = 300

#: Writes a file in the mounted file system and next to it, on the worker of its argument. Prints the results.
WRITE = """
import json, sys, time
from distributed import Client

def write(path, text):
    try:
        with open(path, "w") as file:
            file.write(text)
        return open(path).read()
    except OSError as error:
        return type(error).__name__

with Client("tls://scheduler.rig.internal:8786", timeout=20) as client:
    addresses = []
    while not addresses:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        addresses = [address for address, worker in workers.items() if worker["name"] == sys.argv[1]]
        time.sleep(0.2)
    paths = ("/mnt/shared/dask/result", "/mnt/shared/other", "/mnt/other")
    done = [client.submit(write, path, sys.argv[2], workers=addresses, pure=False) for path in paths]
    print(json.dumps(client.gather(done)))
"""


@pytest.fixture(scope="module")
def server(rig):
    """An NFS server with an empty exported folder, which only root can write."""
    return rig.nfs_server(SERVER)


@pytest.fixture(scope="module")
def node(rig, cluster, baked, server):
    """A ready node that has mounted the exported folder."""
    worker = rig.clusters["mount"].worker("cpu")
    node = rig.boot("i-000000000000000a1", worker, "10.77.0.161", layers=(baked,), mounts=True)
    node.wait_for_state("ready", READY_SECONDS)
    yield node
    node.stop()


def write(cluster, node, text: str) -> list[str]:
    """Run WRITE with a text."""
    return json.loads(cluster.client.python(WRITE, f"cpu--{node.name}", text))


def test_tasks_write_to_the_server(cluster, node, server):
    assert write(cluster, node, "first") == ["first", "PermissionError", "OSError"]
    assert server.read("dask/result") == "first"
    assert node.run("findmnt --noheadings --output SOURCE /mnt/shared") == f"{SERVER}:/shared"


def test_a_reboot_mounts_again_before_the_service_starts(cluster, node, server):
    node.reboot()
    node.wait_for_state("ready", READY_SECONDS)
    node.wait_for("systemctl is-active --quiet dask-worker", 60)
    log = node.log()
    mounted = log.rindex(f"[setup-boot-pool] {SERVER}:/shared is mounted at /mnt/shared")
    assert mounted < log.rindex("step dask begins")
    assert write(cluster, node, "second")[0] == "second"
    assert server.read("dask/result") == "second"
