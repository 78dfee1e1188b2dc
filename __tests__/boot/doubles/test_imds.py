"""Double of the metadata service: returns an instance's facts for a token, and to cloud-init without one."""

import json
import time

import pytest
from loopback import USER_DATA, Double

LATEST = "http://169.254.169.254/latest"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"


def token(node, ttl="60", *options):
    return node.curl("--request", "PUT", "--header", f"{TTL}: {ttl}", *options, f"{LATEST}/api/token")


def get(node, path, *options):
    [status, value] = token(node)
    assert status == 200
    return node.curl("--header", f"X-aws-ec2-metadata-token: {value}", *options, f"{LATEST}/{path}")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("meta-data/instance-id", "i-00000000000000001"),
        ("meta-data/placement/region", "eu-central-1"),
        ("meta-data/services/domain", "amazonaws.com"),
        ("meta-data/iam/security-credentials/", "dask-rig--cpu"),
        ("meta-data/autoscaling/target-lifecycle-state", "InService"),
        ("user-data", USER_DATA.decode()),
    ],
)
def test_an_instance_reads_its_metadata(node, imds, path, value):
    assert get(node, path) == (200, value)


def test_an_instance_gets_its_own_credentials(node, imds):
    status, text = get(node, "meta-data/iam/security-credentials/dask-rig--cpu")
    given = json.loads(text)
    assert status == 200
    assert {
        name: given[name] for name in ("AccessKeyId", "SecretAccessKey", "Token")
    } == node.update().credentials


@pytest.mark.parametrize(("spot", "life_cycle"), [(None, "on-demand"), ({}, "spot")])
def test_the_life_cycle_is_on_demand_or_spot(node, imds, spot, life_cycle):
    node.update(spot=spot)
    assert get(node, "meta-data/instance-life-cycle") == (200, life_cycle)
    assert get(node, "meta-data/spot/instance-action")[0] == 404


def test_an_interruption_notice_appears_once_it_is_set(node, imds):
    assert get(node, "meta-data/spot/instance-action")[0] == 404
    node.update(spot={"action": "terminate", "time": "2026-11-23T12:00:00Z"})
    assert json.loads(get(node, "meta-data/spot/instance-action")[1])["action"] == "terminate"


def test_the_target_lifecycle_state_and_a_rebalance_recommendation_appear_once_they_are_set(node, imds):
    assert get(node, "meta-data/events/recommendations/rebalance")[0] == 404
    node.update(lifecycle="Terminated", rebalance={"noticeTime": "2026-11-23T12:00:00Z"})
    assert get(node, "meta-data/autoscaling/target-lifecycle-state") == (200, "Terminated")
    assert get(node, "meta-data/events/recommendations/rebalance") == (
        200,
        '{"noticeTime": "2026-11-23T12:00:00Z"}',
    )


def test_requests_need_a_token_of_the_instance(node, imds):
    _, other = token(node, "60", "--interface", "127.0.0.2")
    header = f"X-aws-ec2-metadata-token: {other}"
    url = f"{LATEST}/meta-data/instance-id"
    assert node.curl(url)[0] == 401
    assert node.curl("--header", "X-aws-ec2-metadata-token: made-up", url)[0] == 401
    assert node.curl("--header", header, url)[0] == 401
    own = node.curl("--interface", "127.0.0.2", "--header", header, url)
    assert own == (200, "i-00000000000000002")


def test_a_token_expires(node, imds):
    _, value = token(node, "1")
    options = ("--header", f"X-aws-ec2-metadata-token: {value}", f"{LATEST}/meta-data/instance-id")
    assert node.curl(*options)[0] == 200
    time.sleep(1.1)
    assert node.curl(*options)[0] == 401


@pytest.mark.parametrize("ttl", ["0", "21601", "soon"])
def test_an_invalid_ttl_is_rejected(node, imds, ttl):
    assert token(node, ttl)[0] == 400


def test_the_fault_no_imdsv2_needs_no_token(node, imds):
    node.update(faults=["no-imdsv2"])
    assert token(node)[0] == 403
    assert node.curl(f"{LATEST}/meta-data/instance-id") == (200, "i-00000000000000001")


def test_the_fault_silent_answers_only_cloud_init(node, imds):
    node.update(faults=["silent"])
    assert token(node, "60", "--max-time", "1")[0] == 0
    assert token(node, "60", "--interface", "127.0.0.2")[0] == 200
    url = "http://169.254.169.254/2009-04-04/meta-data/instance-id"
    for agent in ("Cloud-Init/22.4.2-1+deb12u4", "python-requests/2.28.1"):
        assert node.curl("--user-agent", agent, url) == (200, "i-00000000000000001")


def test_an_unknown_address_gets_no_metadata(node, imds):
    assert get(node, "meta-data/instance-id", "--interface", "127.0.0.1")[0] == 200
    node.file.write_text("{}")
    assert get(node, "meta-data/instance-id")[0] == 404


def test_a_double_ends_when_its_stdin_is_closed(node):
    assert Double("imds.py", "--instances", node.file).stop() == 0
