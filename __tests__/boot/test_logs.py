"""The journal of a node is in CloudWatch Logs: while the node lives, and after it is gone."""

import time

READY_SECONDS = 120
GROUP = "/dask/rig/nodes"

#: Timeout for an event: it waits 2 s for others, and a first call that is denied is repeated.
SHIP_SECONDS = 45


def wait_for_event(rig, stream: str, wanted: dict, text: str) -> dict:
    """Return the first event with these fields whose message contains the text."""
    deadline = time.monotonic() + SHIP_SECONDS
    while True:
        events = rig.aws.log_events(GROUP, stream)
        for event in events:
            if wanted.items() <= event.items() and text in event["message"]:
                return event
        assert time.monotonic() < deadline, events[-40:]
        time.sleep(0.5)


def test_the_journal_of_a_node_survives_it(rig, cluster, baked):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot("i-00000000000000131", worker, "10.77.0.131", layers=(baked,))
    stream = f"cpu/{node.instance}"
    node.wait_for_state("ready", READY_SECONDS)
    # The whole boot, from before the service started.
    boot = {"unit": "dask-bundle.service", "priority": 6, "pool": "cpu"}
    assert isinstance(wait_for_event(rig, stream, boot, "downloading https://")["pid"], int)
    wait_for_event(rig, stream, {"unit": "dask-node.service", "pool": "cpu"}, "ready: every step is done")
    wait_for_event(rig, stream, {"unit": "dask-worker.service"}, "distributed.nanny")
    shipper = node.run("systemctl show --value --property MainPID dask-logs")
    assert node.run(f"ps -o user= -p {shipper}") not in ("root", "dask")

    # A restart neither loses nor repeats events.
    node.run("systemctl restart dask-logs")
    node.wait_for("systemctl is-active --quiet dask-logs", SHIP_SECONDS)

    node.stop()
    events = rig.aws.log_events(GROUP, stream)
    of_worker = [event["message"] for event in events if event["unit"] == "dask-worker.service"]
    # Both are from the shutdown: the drain, and what systemd reports when the unit has stopped.
    assert [message for message in of_worker if f"1 workers of cpu--{node.name} retired" in message] != []
    assert of_worker[-1].startswith(("Stopped", "dask-worker.service: Consumed"))
    assert len([event for event in events if "downloading https://" in event["message"]]) == 1
    assert [call["status"] for call in rig.calls_of(node, "PutLogEvents") if call["status"] != 200] == []
