"""However an instance ends, the results that only its workers have are on other workers then."""

import time
from datetime import datetime

import pytest

READY_SECONDS = 60

#: Timeout of a drain and of the end of the workers' unit.
STOP_SECONDS = 45

STATE = "systemctl show --value --property ActiveState dask-worker"

#: Seconds until the watcher has seen a notice: it asks every 2 s.
NOTICE_SECONDS = 3

SPOT_NOTICE = {"action": "terminate", "time": "2026-11-23T12:00:00Z"}

#: A drain that takes longer than two intervals of heartbeats, as with a long task.
SLOW = "[Service]\nExecStartPre=/bin/sleep 8\n"

#: Stores data on the worker of its argument until that worker is gone. Then prints whether only other workers
#: have the data, and whether it is complete.
HOLD = """
import sys, time
from distributed import Client, wait

with Client("tls://scheduler.rig.internal:8786", timeout=20) as client:
    def names():
        workers = client.scheduler_info(n_workers=-1)["workers"]
        return {address: worker["name"] for address, worker in workers.items()}

    [address] = [address for address, name in names().items() if name == sys.argv[1]]
    held = client.map(lambda number: bytes(2**20) + bytes([number]), range(8), workers=[address], pure=False)
    wait(held, timeout=60)
    at_first = client.who_has(held).values()
    assert all(set(where) == {address} for where in at_first), at_first
    print("held", flush=True)
    while address in names():
        time.sleep(0.2)
    later = {names()[one] for where in client.who_has(held).values() for one in where}
    whole = [value[-1] for value in client.gather(held)] == list(range(8))
    print(len(later) > 0 and sys.argv[1] not in later, whole)
"""


class Held:
    """Data that only the workers of a node have, until they go."""

    def __init__(self, cluster, node):
        self._program = cluster.client.start("/opt/dask/env/bin/python", "-c", HOLD, f"cpu--{node.name}")
        assert self._program.stdout.readline() == "held\n"

    def assert_moved(self):
        """Assert that all of it is on other workers."""
        printed, errors = self._program.communicate(timeout=STOP_SECONDS)
        assert printed == "True True\n", errors


@pytest.fixture
def boot(rig, cluster, baked):
    """Function that boots a node, which is ready when it returns."""

    def start(number: int, **facts: object):
        worker = rig.clusters["rig"].worker("cpu")
        node = rig.boot(f"i-000000000000000{number}", worker, f"10.77.0.{number}", layers=(baked,), **facts)
        node.wait_for_state("ready", READY_SECONDS)
        assert node.run("systemctl is-active dask-watch") == "active"
        return node

    return start


def wait_for_stop(node) -> None:
    """Wait until the workers of a node are stopped by its watcher."""
    node.wait_for(
        f"[[ -e /run/dask/draining && $({STATE}) == inactive ]]", STOP_SECONDS, "the end of its workers"
    )


def test_a_spot_notice_drains_the_workers(rig, cluster, boot):
    node = boot(81, spot={})
    held = Held(cluster, node)
    rig.update(node, spot=SPOT_NOTICE)
    wait_for_stop(node)
    held.assert_moved()
    assert node.run("cat /run/dask/draining") == "DRAIN_SECONDS=85"
    assert node.run("systemctl show --value --property Result dask-drain") == "success"
    assert f"cpu--{node.name}" in node.run("journalctl --unit dask-drain --output cat")
    # The workers stay stopped, even if a process starts the unit.
    node.run("systemctl start dask-worker")
    assert node.run(STATE) == "inactive"
    # The watcher goes on for the termination hook: capacity rebalancing starts it after the notice.
    assert node.run("systemctl is-active dask-watch") == "active"
    rig.update(node, lifecycle="Terminated")
    node.wait_for("! systemctl is-active --quiet dask-watch", 20)
    hooks = [
        call["parameters"]["LifecycleHookName"] for call in rig.calls_of(node, "CompleteLifecycleAction")
    ]
    assert hooks == ["workers-registered", "workers-drained"]
    node.kill()


def test_an_instance_that_its_group_ends_drains_before_it_completes_the_hook(rig, cluster, boot):
    node = boot(82)
    node.write("/etc/systemd/system/dask-drain.service.d/slow.conf", SLOW)
    node.run("systemctl daemon-reload")
    held = Held(cluster, node)
    rig.update(node, lifecycle="Terminated")
    updated = time.time()
    wait_for_stop(node)
    begun = float(node.run("stat --format %.9Y /run/dask/draining"))
    assert begun - updated < NOTICE_SECONDS
    held.assert_moved()
    node.wait_for("! systemctl is-active --quiet dask-watch", 20)
    assert node.run("systemctl show --value --property Result dask-watch") == "success"
    launched, *heartbeats, completed = (
        call for call in rig.calls(node) if call["host"].startswith("autoscaling.")
    )
    assert launched["parameters"]["LifecycleHookName"] == "workers-registered"
    assert {call["action"] for call in heartbeats} == {"RecordLifecycleActionHeartbeat"}
    assert (completed["action"], completed["parameters"]["LifecycleActionResult"]) == (
        "CompleteLifecycleAction",
        "CONTINUE",
    )
    assert {
        (call["parameters"]["LifecycleHookName"], call["status"]) for call in (*heartbeats, completed)
    } == {("workers-drained", 200)}
    first, second, *_ = (datetime.fromisoformat(call["at"]) for call in heartbeats)
    interval = rig.clusters["rig"].facts["heartbeatSeconds"]
    assert interval <= (second - first).total_seconds() < interval + NOTICE_SECONDS
    node.kill()


def test_a_shutdown_without_a_notice_drains_the_workers(rig, cluster, boot):
    node = boot(83)
    held = Held(cluster, node)
    node.stop()
    held.assert_moved()
    assert len(rig.calls_of(node, "CompleteLifecycleAction")) == 1
