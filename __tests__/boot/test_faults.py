"""Each fault fails the boot in time, with a message that names step and hint, and no worker runs."""

from datetime import datetime, timedelta

import pytest
from rig.node import Node

#: Timeout for a node that fails during the installation, including retries of curl.
PLAIN_SECONDS = 180

#: Timeout for a node with a baked image.
BOOT_SECONDS = 60

#: Timeout from the failure message to the end of the unit, which also waits for parallel steps.
END_SECONDS = 60


def assert_abandoned(rig, node: Node, step: str, cause: str, unit: str = "dask-node") -> None:
    """The cause is in status, log, console and tag; the launch hook gets ABANDON; no worker runs."""
    node.wait_for(f"systemctl is-failed --quiet {unit}", END_SECONDS, "the end of the unit")
    assert cause in node.status()["cause"]
    message = f"step {step} failed with exit code {node.status()['exitCode']}: "
    assert message in node.log()
    assert f"to try again after a fix: systemctl restart {unit}" in node.log()
    assert message in node.console()
    assert_no_worker(node)
    [tags] = rig.calls_of(node, "CreateTags")
    assert tags["parameters"]["Tag.1.Key"] == "dask:state"
    assert tags["parameters"]["Tag.1.Value"].startswith(message)
    [call] = rig.calls_of(node, "CompleteLifecycleAction")
    assert call["parameters"]["LifecycleActionResult"] == "ABANDON"


def assert_log_survives(rig, node: Node) -> None:
    """The log group has the journal of a node that never had a Python environment, from its beginning."""
    assert node.attempt("test -e /opt/dask/env").returncode != 0
    events = rig.aws.log_events("/dask/rig/nodes", f"cpu/{node.instance}")
    messages = [event["message"] for event in events if event["unit"] == "dask-node.service"]
    for text in ("step conda begins", "[conda] ", "step conda failed with exit code"):
        assert any(text in message for message in messages), messages
    assert [event for event in events if event["unit"] == "dask-bundle.service"] != []
    [call] = rig.calls_of(node, "PutLogEvents")
    assert call["status"] == 200


def assert_no_worker(node: Node) -> None:
    """No worker runs, now or after a reboot."""
    assert node.attempt("systemctl is-active dask-worker").stdout.strip() != "active"
    assert node.attempt("systemctl is-enabled dask-worker").stdout.strip() != "enabled"
    assert node.attempt("pgrep -u dask").stdout == ""


@pytest.mark.parametrize(
    ("number", "fault", "cause"),
    [
        (1, "download-404", "curl: (22) The requested URL returned error: 404"),
        (2, "download-wrong-bytes", ": not used"),
    ],
    ids=["404", "wrong-checksum"],
)
def test_a_wrong_download_fails_the_boot(rig, number, fault, cause):
    worker = rig.clusters["rig"].worker("cpu")
    node = rig.boot(f"i-0000000000000f10{number}", worker, f"10.77.0.10{number}", faults=[fault])
    assert node.wait_for_state("failed", PLAIN_SECONDS)["step"] == "conda"
    assert_abandoned(rig, node, "conda", cause)
    assert_log_survives(rig, node)
    assert "Miniforge3" in node.status()["cause"]
    node.kill()


def test_a_full_disk_fails_the_boot(rig):
    node = rig.boot(
        "i-0000000000000f103",
        rig.clusters["rig"].worker("cpu"),
        "10.77.0.103",
        options=["--tmpfs=/opt/dask:size=100M"],
    )
    assert node.wait_for_state("failed", PLAIN_SECONDS)["step"] == "conda"
    assert_abandoned(rig, node, "conda", "No space left on device")
    assert_log_survives(rig, node)
    node.kill()


def test_a_missing_scheduler_fails_the_boot(rig, baked):
    lonely = rig.clusters["lonely"]
    node = rig.boot("i-0000000000000f107", lonely.worker("cpu"), "10.77.0.107", layers=(baked,))
    status = node.wait_for_state("failed", BOOT_SECONDS + lonely.facts["joinSeconds"])
    assert status["step"] == "certificates"
    assert_abandoned(rig, node, "certificates", "/dask/lonely/worker")
    node.kill()


def test_a_failing_boot_script_fails_the_boot(rig, baked):
    node = rig.boot(
        "i-0000000000000f108", rig.clusters["setup"].worker("failing"), "10.77.0.108", layers=(baked,)
    )
    assert node.wait_for_state("failed", BOOT_SECONDS)["step"] == "setup-boot-pool"
    assert "[setup-boot-pool] mounting" in node.log()
    assert node.status()["exitCode"] == 127
    assert_abandoned(rig, node, "setup-boot-pool", "mount.of-a-file-system: command not found")
    node.kill()


def test_a_scheduler_that_does_not_come_back(rig, baked, scheduler):
    lonely = rig.clusters["lonely"]
    rig.aws.put_secret("/dask/lonely/worker", rig.aws.get_secret("/dask/rig/worker"))
    node = rig.boot("i-0000000000000f104", lonely.worker("cpu"), "10.77.0.104", layers=(baked,))
    status = node.wait_for_state("failed", BOOT_SECONDS + lonely.facts["joinSeconds"])
    assert status["step"] == "dask"
    assert f"tls://{lonely.hostname}:8786 does not answer yet" in node.log()
    cause = f"dask-worker does not answer after {lonely.facts['joinSeconds']} s: "
    assert_abandoned(rig, node, "dask", cause)
    node.kill()


def test_a_missing_launch_hook_is_logged_and_the_node_becomes_ready(rig, baked, scheduler):
    node = rig.boot(
        "i-0000000000000f105", rig.clusters["rig"].worker("cpu"), "10.77.0.105", layers=(baked,), hook=None
    )
    hook_seconds = rig.clusters["rig"].facts["hookSeconds"]
    node.wait_for_state("ready", BOOT_SECONDS + hook_seconds)
    first, *_, last = (call["at"] for call in rig.calls_of(node, "CompleteLifecycleAction"))
    duration = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    assert duration >= timedelta(seconds=hook_seconds)
    [line] = [line for line in node.log().splitlines() if "launch hook workers-registered" in line]
    assert line.endswith(" does not wait for this instance; if it is gone, cdktf deploy brings it back")
    assert node.run("systemctl is-active dask-worker") == "active"
    node.kill()


def test_a_metadata_service_without_imdsv2_fails_the_boot(rig, baked):
    node = rig.boot(
        "i-0000000000000f106",
        rig.clusters["rig"].worker("cpu"),
        "10.77.0.106",
        layers=(baked,),
        faults=["no-imdsv2"],
    )
    status = node.wait_for_state("failed", BOOT_SECONDS)
    assert status["step"] == "bundle"
    assert status["cause"].startswith("the metadata service gives no IMDSv2 token: ")
    assert status["cause"].endswith("; enable it, with http_tokens required")
    assert "step bundle failed" in node.console()
    assert " begins" not in node.log()
    assert_no_worker(node)
    node.wait_for("systemctl is-failed --quiet dask-bundle", END_SECONDS, "the end of the unit")
    assert rig.calls_of(node, "CompleteLifecycleAction") == []
    node.kill()
