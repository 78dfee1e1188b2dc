"""On EC2's interruption notice a spot instance hands its data over and stops its workers within seconds."""

READY_SECONDS = 60

#: The watcher asks every 5 s; to move little data and to end takes the rest.
STOP_SECONDS = 45

STATE = "systemctl show --value --property ActiveState dask-worker"

NOTICE = {"action": "terminate", "time": "2026-11-23T12:00:00Z"}

#: Has the worker of its argument hold data until it is gone, and prints what is true of the data then.
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
    node.wait_for(f"[[ $({STATE}) == inactive ]]", STOP_SECONDS, "its workers' end")
    said, errors = program.communicate(timeout=STOP_SECONDS)
    assert said == "True True\n", errors
    log = node.run("journalctl --unit dask-worker --output cat")
    assert f"1 workers of cpu--{node.name} retired" in log
    # Its workers stay away, even if something starts them.
    node.run("systemctl start dask-worker")
    assert node.run(STATE) == "inactive"
    node.wait_for("! systemctl is-active --quiet dask-spot", 20)
    assert node.run("systemctl show --value --property Result dask-spot") == "success"
    node.kill()


def test_an_on_demand_instance_of_the_pool_watches_for_nothing(rig, cluster, baked):
    worker = rig.clusters["spot"].worker("cpu")
    node = rig.boot("i-00000000000000082", worker, "10.77.0.82", layers=(baked,))
    node.wait_for_state("ready", READY_SECONDS)
    node.wait_for("[[ $(systemctl show --value --property ActiveState dask-spot) == inactive ]]", 20)
    assert node.run("systemctl show --value --property Result dask-spot") == "success"
    assert node.run("systemctl is-active dask-worker") == "active"
    node.stop()
