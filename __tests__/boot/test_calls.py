"""Nodes retry calls to AWS that are throttled, denied to a new role, or earlier than their hook."""

from collections import Counter

#: Timeouts for a node with a baked image and with a plain one, including pauses between calls.
READY_SECONDS, INSTALL_SECONDS = 180, 420

#: Timeout for the signal of a ready scheduler, which reads the parameter every 5 s.
SIGNAL_SECONDS = 60

#: Faults, and the rejected calls of each service: two for each fault.
FAULTS, REJECTED = ("throttled", "denied-at-first"), 4


def rejected(rig, node) -> Counter:
    """Return the number of calls that these faults rejected, by service."""
    words = ("hrottling", "RequestLimitExceeded", "AccessDenied", "UnauthorizedOperation")
    errors = [call for call in rig.calls(node) if any(word in call.get("error", "") for word in words)]
    return Counter(call["host"].split(".")[0] for call in errors)


def test_a_worker_with_rejected_first_calls_becomes_ready(rig, cluster, baked):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot("i-00000000000000061", worker, "10.77.0.61", layers=(baked,), faults=FAULTS)
    node.wait_for_state("ready", READY_SECONDS)
    assert rejected(rig, node) == {"secretsmanager": REJECTED, "ec2": REJECTED, "autoscaling": REJECTED}
    for action in ("GetSecretValue", "CreateTags", "CompleteLifecycleAction"):
        assert [call["status"] for call in rig.calls_of(node, action)].count(200) == 1
    assert node.run("systemctl is-active dask-worker") == "active"
    node.kill()


def test_a_scheduler_with_rejected_first_calls_becomes_ready_and_signals_success(rig):
    other = rig.clusters["other"]
    node = rig.boot("i-00000000000000062", other.scheduler, other.address, faults=FAULTS)
    node.wait_for_state("ready", INSTALL_SECONDS)
    assert rig.aws.signals_of(other) == []
    # Terraform creates the parameter after the instance.
    rig.aws.create_wait_condition(other)
    node.wait_for("test -e /var/lib/dask-node/joined", SIGNAL_SECONDS)
    assert rejected(rig, node) == {"ssm": REJECTED, "secretsmanager": REJECTED, "ec2": REJECTED}
    assert rig.aws.signals_of(other) == [
        {
            "Status": "SUCCESS",
            "Reason": "the scheduler is ready",
            "UniqueId": node.instance,
            "Data": "the scheduler is ready",
        }
    ]
    assert "Signature=" not in node.log()
    node.kill()


def test_a_failed_scheduler_signals_the_failure(rig):
    lonely = rig.clusters["lonely"]
    rig.aws.create_wait_condition(lonely)
    node = rig.boot("i-00000000000000064", lonely.scheduler, lonely.address, faults=["download-404"])
    node.wait_for_state("failed", INSTALL_SECONDS)
    node.wait_for("systemctl is-failed --quiet dask-node", SIGNAL_SECONDS)
    [signal] = rig.aws.signals_of(lonely)
    assert (signal["Status"], signal["UniqueId"]) == ("FAILURE", node.instance)
    assert signal["Reason"].startswith("step conda failed with exit code 1: cannot download https://")
    assert signal["Reason"].endswith("The requested URL returned error: 404")
    assert signal["Data"] == signal["Reason"]
    node.kill()


def test_a_lifecycle_action_that_is_not_pending_yet_is_retried(rig, cluster, baked):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot("i-00000000000000063", worker, "10.77.0.63", layers=(baked,), hookAfter=15)
    node.wait_for_state("ready", READY_SECONDS)
    *early, last = rig.calls_of(node, "CompleteLifecycleAction")
    assert {call["message"].partition(" found")[0] for call in early} == {"No active Lifecycle Action"}
    assert (last["status"], last["parameters"]["LifecycleActionResult"]) == (200, "CONTINUE")
    assert "does not wait for this instance" not in node.log()
    node.kill()
