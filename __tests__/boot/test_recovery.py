"""The cluster recovers from killed processes. A replaced node joins with the new definition."""

import json
import os
import time

import pytest

SECONDS = 60
SCHEDULER = "tls://scheduler.rig.internal:8786"

#: Prints process id and resources of each worker, by name.
WORKERS = """
import json, os, sys
from distributed import Client

with Client(sys.argv[1], timeout=20) as client:
    processes = client.run(os.getpid)
    workers = client.scheduler_info(n_workers=-1)["workers"]
    found = {workers[address]["name"]: [process, workers[address]["resources"]]
             for address, process in processes.items()}
print(json.dumps(found))
"""


def workers(cluster) -> dict[str, list]:
    """Return process id and resources of each worker, by name."""
    return json.loads(cluster.client.python(WORKERS, SCHEDULER))


def wait_for_workers(cluster, condition) -> dict[str, list]:
    """Wait until the workers meet a condition. Returns the workers."""
    deadline = time.monotonic() + SECONDS
    found: object = None
    while True:
        try:
            if condition(found := workers(cluster)):
                return found
        except AssertionError as error:  # the scheduler or a worker is down
            found = error
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


NANNY = "systemctl show --value --property MainPID dask-worker"


@pytest.mark.parametrize(
    "victim", [f"pgrep --parent $({NANNY}) --full spawn_main", NANNY], ids=["worker", "nanny"]
)
def test_a_killed_worker_is_restarted(cluster, victim):
    name = f"cpu--{cluster.first.name}"
    before = workers(cluster)
    cluster.first.run(f"kill -KILL $({victim})")
    after = wait_for_workers(
        cluster, lambda found: found.keys() == before.keys() and found[name] != before[name]
    )
    assert after[name][1] == before[name][1]


def test_all_workers_reconnect_after_a_restart_of_the_scheduler(rig, cluster):
    before = workers(cluster)
    started = cluster.scheduler.run("systemctl show --value --property MainPID dask-scheduler")
    cluster.scheduler.run("systemctl restart dask-scheduler")
    assert cluster.scheduler.run("systemctl show --value --property MainPID dask-scheduler") != started
    wait_for_workers(cluster, lambda found: found.keys() == before.keys())
    done = cluster.client.smoke_test()
    assert done.returncode == 0, done.stderr


def test_a_replaced_node_joins_with_the_new_definition(rig, cluster, baked):
    others = workers(cluster).keys()
    address, name = "10.77.0.41", "cpu--ip-10-77-0-41"
    old = rig.boot("i-00000000000000041", rig.clusters["rig"].worker("cpu"), address, layers=(baked,))
    old.wait_for_state("ready", SECONDS)
    assert workers(cluster)[name][1] == {"CPU": os.cpu_count()}
    old.stop()
    wait_for_workers(cluster, lambda found: found.keys() == others)

    new = rig.boot("i-00000000000000042", rig.clusters["changed"].worker("cpu"), address, layers=(baked,))
    new.wait_for_state("ready", SECONDS)
    assert workers(cluster)[name][1] == {"CHANGED": 1, "CPU": os.cpu_count()}
    [call] = rig.calls_of(new, "CompleteLifecycleAction")
    assert call["parameters"]["LifecycleActionResult"] == "CONTINUE"
    new.stop()
    wait_for_workers(cluster, lambda found: found.keys() == others)
