"""On an interruption notice, the workers of a spot instance move their data to others and stop."""

READY_SECONDS = 60

#: Timeout: dask-spot polls every 5 s; the rest is for moving the data and stopping.
STOP_SECONDS = 45

STATE = "systemctl show --value --property ActiveState dask-worker"

NOTICE = {"action": "terminate", "time": "2026-11-23T12:00:00Z"}

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


def test_a_spot_notice_drains_the_workers(rig, cluster, baked):
    worker = rig.clusters["spot"].worker("cpu")
    node = rig.boot("i-00000000000000081", worker, "10.77.0.81", layers=(baked,), spot={})
    node.wait_for_state("ready", READY_SECONDS)
    assert node.run("systemctl is-active dask-spot") == "active"
    program = cluster.client.start("/opt/dask/env/bin/python", "-c", HOLD, f"cpu--{node.name}")
    assert program.stdout.readline() == "held\n"

    rig.update(node, spot=NOTICE)
    node.wait_for(f"[[ $({STATE}) == inactive ]]", STOP_SECONDS, "the end of its workers")
    printed, errors = program.communicate(timeout=STOP_SECONDS)
    assert printed == "True True\n", errors
    log = node.run("journalctl --unit dask-worker --output cat")
    assert f"1 workers of cpu--{node.name} retired" in log
    # The workers stay stopped, even if a process starts the unit.
    node.run("systemctl start dask-worker")
    assert node.run(STATE) == "inactive"
    node.wait_for("! systemctl is-active --quiet dask-spot", 20)
    assert node.run("systemctl show --value --property Result dask-spot") == "success"
    node.kill()


def test_an_on_demand_instance_does_not_poll_for_notices(rig, cluster, baked):
    worker = rig.clusters["spot"].worker("cpu")
    node = rig.boot("i-00000000000000082", worker, "10.77.0.82", layers=(baked,))
    node.wait_for_state("ready", READY_SECONDS)
    node.wait_for("[[ $(systemctl show --value --property ActiveState dask-spot) == inactive ]]", 20)
    assert node.run("systemctl show --value --property Result dask-spot") == "success"
    assert node.run("systemctl is-active dask-worker") == "active"
    node.stop()
