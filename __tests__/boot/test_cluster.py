"""A scheduler and workers that boot from their user data form a cluster that an administrator can use."""

import json
import re

import pytest


def test_the_smoke_test_passes_in_the_admin_subnet(rig, cluster):
    done = cluster.client.smoke_test()
    assert done.returncode == 0, done.stderr
    assert_passed(json.loads(done.stdout))


def test_the_smoke_test_passes_on_the_scheduler(rig, cluster):
    assert rig.clusters["rig"].outputs["smoke_test"].startswith("dask-cluster smoke-test rig ")
    command = "/usr/local/lib/dask-node/run.sh smoke_test"  # what `dask-cluster smoke-test` runs on the node
    assert_passed(json.loads(cluster.scheduler.run(f"{command} --json", 140)))
    expected = json.loads(cluster.scheduler.run("cat /etc/dask/expectation"))
    assert expected == rig.clusters["rig"].expectation
    assert {pool["name"]: pool["workers"] for pool in expected["pools"]} == {"cpu": 2, "gpu": 1}


def assert_passed(report: dict) -> None:
    """It has the expectation of the cluster, and all checks passed."""
    assert report["cluster"] == "rig"
    assert {check["status"] for check in report["checks"]} == {"passed"}
    [pools] = [check["detail"] for check in report["checks"] if check["name"] == "pools"]
    assert pools == "cpu 2 workers, gpu 1 worker"


def test_administrators_reach_only_the_scheduler_and_its_dashboard(cluster):
    def answers(node, port: int) -> bool:
        request = (
            "curl",
            "--silent",
            "--max-time",
            "3",
            "--output",
            "/dev/null",
            "--write-out",
            "%{time_connect}",
        )
        return float(cluster.client.run(*request, f"http://{node.address}:{port}/").stdout) > 0

    cluster.first.wait_for("ss --listening --tcp --numeric | grep --quiet :8790", 30)
    assert answers(cluster.scheduler, 8787)
    assert answers(cluster.scheduler, 8786)
    assert not answers(cluster.first, 8790)


def test_nodes_do_not_reach_each_other_on_other_ports(cluster):
    url = f"http://{cluster.first.address}:5000/"
    cluster.first.run("systemd-run --quiet --unit=other python3 -m http.server 5000 --directory /srv")
    cluster.first.wait_for(f"curl --silent --fail --output /dev/null {url}", 20)
    assert cluster.second.attempt(f"curl --silent --max-time 3 {url}").returncode == 28
    cluster.first.run("systemctl stop other")


def test_the_scheduler_publishes_the_metrics_of_the_workers_of_all_nodes(cluster):
    def pools(page: str, metric: str) -> list[str]:
        return sorted(
            re.findall(rf'^dask_cluster_worker_{metric}{{.*pool="(\w+)".*}} \d', page, re.MULTILINE)
        )

    page = cluster.scheduler.run("curl --silent http://127.0.0.1:8788/metrics")
    assert re.search(r'^dask_cluster_info{.*name="rig"} 1.0$', page, re.MULTILINE)
    assert re.search(r"^dask_cluster_rejected_values 0.0$", page, re.MULTILINE)
    # Dask reports the threads, and the preload of the workers the kills.
    for metric in ("threads", "node_oom_kills_total"):
        assert pools(page, metric) == ["cpu", "cpu", "gpu"]


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_node_completes_its_launch_hook_once_its_worker_is_registered(rig, cluster, name):
    node = getattr(cluster, name)
    [call] = rig.calls_of(node, "CompleteLifecycleAction")
    assert call["parameters"]["LifecycleActionResult"] == "CONTINUE"
    assert call["parameters"]["LifecycleHookName"] == "workers-registered"
    assert call["parameters"]["AutoScalingGroupName"] == "dask-rig--cpu"
    before, _, _ = node.log().partition("ready: every step is done")
    assert f"1 of 1 workers of cpu--{node.name} are registered" in before


def test_a_node_has_its_state_in_a_tag(rig, cluster):
    tags = rig.aws.call(
        "ec2", "describe_tags", Filters=[{"Name": "resource-id", "Values": [cluster.first.instance]}]
    )
    assert {tag["Key"]: tag["Value"] for tag in tags["Tags"]}["dask:state"] == "ready"


def test_a_node_rejoins_after_a_reboot(rig, cluster):
    cluster.first.reboot()
    cluster.first.wait_for("systemctl is-active --quiet dask-node dask-worker", 60)
    done = cluster.client.smoke_test()
    assert done.returncode == 0, done.stderr
    assert len(rig.calls_of(cluster.first, "CompleteLifecycleAction")) == 1
