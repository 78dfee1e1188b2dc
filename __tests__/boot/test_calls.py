"""Calls that AWS refuses at first succeed later: as too many, or of a role or for a hook that is new."""

from collections import Counter

#: For a machine from a baked image, and for one that installs everything, pauses between calls included.
READY_SECONDS, INSTALL_SECONDS = 180, 420

#: For what a scheduler does once it is ready: it asks for the parameter of its signal every 5 s.
SIGNAL_SECONDS = 60

#: How often each service is asked in vain, twice for each fault.
FAULTS, REFUSED = ("throttled", "denied-at-first"), 4


def refused(rig, node) -> Counter:
    """Calls that were refused so, by the names of the services."""
    words = ("hrottling", "RequestLimitExceeded", "AccessDenied", "UnauthorizedOperation")
    errors = [call for call in rig.calls(node) if any(word in call.get("error", "") for word in words)]
    return Counter(call["host"].split(".")[0] for call in errors)


def test_a_worker_whose_calls_are_refused_at_first_becomes_ready(rig, cluster, baked):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot("i-00000000000000061", worker, "10.77.0.61", layers=(baked,), faults=FAULTS)
    node.wait_for_state("ready", READY_SECONDS)
    assert refused(rig, node) == {"secretsmanager": REFUSED, "ec2": REFUSED, "autoscaling": REFUSED}
    for action in ("GetSecretValue", "CreateTags", "CompleteLifecycleAction"):
        assert [call["status"] for call in rig.calls_of(node, action)].count(200) == 1
    assert node.run("systemctl is-active dask-worker") == "active"
    node.kill()


def test_a_scheduler_whose_calls_are_refused_at_first_becomes_ready_and_signals_it(rig):
    other = rig.clusters["other"]
    node = rig.boot("i-00000000000000062", other.scheduler, other.address, faults=FAULTS)
    node.wait_for_state("ready", INSTALL_SECONDS)
    assert rig.aws.signals_of(other) == []
    # Terraform makes the parameter after the machine.
    rig.aws.create_wait_condition(other)
    node.wait_for("test -e /var/lib/dask-node/joined", SIGNAL_SECONDS)
    assert refused(rig, node) == {"ssm": REFUSED, "secretsmanager": REFUSED, "ec2": REFUSED}
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


def test_a_scheduler_that_fails_signals_why(rig):
    lonely = rig.clusters["lonely"]
    rig.aws.create_wait_condition(lonely)
    node = rig.boot("i-00000000000000064", lonely.scheduler, lonely.address, faults=["download-404"])
    node.wait_for_state("failed", INSTALL_SECONDS)
    node.wait_for("systemctl is-failed --quiet dask-node", SIGNAL_SECONDS)
    [signal] = rig.aws.signals_of(lonely)
    assert (signal["Status"], signal["UniqueId"]) == ("FAILURE", node.instance)
    assert signal["Reason"].startswith("phase conda failed with exit code 1: cannot download https://")
    assert signal["Reason"].endswith("The requested URL returned error: 404")
    assert signal["Data"] == signal["Reason"]
    node.kill()


def test_an_answer_that_comes_before_its_hook_is_given_again(rig, cluster, baked):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot("i-00000000000000063", worker, "10.77.0.63", layers=(baked,), hookAfter=15)
    node.wait_for_state("ready", READY_SECONDS)
    *early, last = rig.calls_of(node, "CompleteLifecycleAction")
    assert {call["message"].partition(" found")[0] for call in early} == {"No active Lifecycle Action"}
    assert (last["status"], last["parameters"]["LifecycleActionResult"]) == (200, "CONTINUE")
    assert "does not wait for this instance" not in node.log()
    node.kill()
