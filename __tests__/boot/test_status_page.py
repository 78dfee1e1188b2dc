"""The status page behind the dashboard proxy of the scheduler's node."""

import json

from test_monitoring import user, wait_until
from test_security import request_dashboard

__all__ = ["user"]

#: The service reads the facts every 30 s, and prices may need several attempts without a route.
WRITTEN_SECONDS = 120


def test_it_shows_the_scheduler_as_ready_and_requires_the_password(rig, cluster, user):
    scheduler = cluster.scheduler
    # Stands for Terraform, which tags the instance.
    tags = [{"Key": "dask:cluster", "Value": "rig"}, {"Key": "dask:role", "Value": "scheduler"}]
    rig.aws.call("ec2", "create_tags", Resources=[scheduler.instance], Tags=tags)

    def facts() -> dict:
        return json.loads(scheduler.run("cat /run/dask-status/status.json"))

    wait_until(WRITTEN_SECONDS, "facts", lambda: facts().get("nodes"))
    found = facts()
    assert (found["cluster"], found["failure"], found["unreachable"]) == ("rig", None, False)
    assert [(node["id"], node["pool"], node["state"]) for node in found["nodes"]] == [
        (scheduler.instance, "scheduler", "ready")
    ]
    for path in ("/cluster/", "/cluster/status.json"):
        assert request_dashboard(cluster.client, path)[0] == 401
        assert request_dashboard(cluster.client, path, *user)[0] == 200


def test_it_runs_as_a_user_without_a_name_and_needs_little_memory(cluster):
    scheduler = cluster.scheduler
    pid = scheduler.run("systemctl show dask-status --property MainPID --value").strip()
    user, resident = scheduler.run(f"ps -o uid=,rss= -p {pid}").split()
    assert int(user) >= 61184  # dynamic users (systemd.io, "Users, Groups, UIDs and GIDs on systemd Systems")
    assert int(resident) < 128 * 1024
