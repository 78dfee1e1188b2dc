"""Double of the APIs: accepts calls signed with an instance's credentials, rejects others, records all."""

import re
import time
from datetime import UTC, datetime

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from loopback import REGION

ASK = (
    "Action=CompleteLifecycleAction",
    "Version=2011-01-01",
    "AutoScalingGroupName=dask-rig--cpu",
    "LifecycleHookName=workers-registered",
    "InstanceId=i-00000000000000001",
)
CONTINUE = (*ASK, "LifecycleActionResult=CONTINUE")
TAG = (
    "Action=CreateTags",
    "Version=2016-11-15",
    "ResourceId.1=i-00000000000000001",
    "Tag.1.Key=dask:cause",
    "Tag.1.Value=exit code 1: 'ä' & <b> + 50 %",
)


def code(answer):
    return re.search(r"<Code>(\w+)</Code>", answer)[1]


def tags(aws):
    moto = boto3.client(
        "ec2", REGION, endpoint_url=aws.facts["moto"], aws_access_key_id="a", aws_secret_access_key="b"
    )
    return {tag["Key"]: tag["Value"] for tag in moto.describe_tags()["Tags"]}


def test_a_lifecycle_action_is_completed_only_once(node, aws):
    credentials = node.update().credentials
    status, answer = node.call("autoscaling", *CONTINUE, credentials=credentials)
    assert (status, "<CompleteLifecycleActionResult/>" in answer) == (200, True)
    status, answer = node.call("autoscaling", *CONTINUE, credentials=credentials)
    assert (status, code(answer)) == (400, "ValidationError")
    assert "No active Lifecycle Action found with instance ID i-00000000000000001" in answer
    first, second = node.calls()
    assert (first["instance"], first["status"]) == ("i-00000000000000001", 200)
    assert first["parameters"]["LifecycleActionResult"] == "CONTINUE"
    assert (second["status"], second["error"]) == (400, "ValidationError")


def test_the_action_of_a_termination_hook_is_pending_once_the_group_ends_the_instance(node, aws):
    hook = tuple(pair.replace("registered", "drained") for pair in CONTINUE)
    heartbeat = (hook[0].replace("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"), *hook[1:-1])
    credentials = node.update(terminationHook="workers-drained").credentials
    for pairs in (heartbeat, hook):
        status, answer = node.call("autoscaling", *pairs, credentials=credentials)
        assert (status, code(answer)) == (400, "ValidationError")
    node.update(terminationHook="workers-drained", lifecycle="Terminated")
    status, answer = node.call("autoscaling", *heartbeat, credentials=credentials)
    assert (status, "<RecordLifecycleActionHeartbeatResult/>" in answer) == (200, True)
    assert node.call("autoscaling", *hook, credentials=credentials)[0] == 200
    # The hook is completed; the launch hook of the same instance is not.
    assert node.call("autoscaling", *heartbeat, credentials=credentials)[0] == 400
    assert node.call("autoscaling", *hook, credentials=credentials)[0] == 400
    assert node.call("autoscaling", *CONTINUE, credentials=credentials)[0] == 200


@pytest.mark.parametrize(
    ("facts", "pairs"),
    [
        ({"hook": None}, CONTINUE),
        ({}, (*ASK, "LifecycleActionResult=PERHAPS")),
        ({"group": "rig-memory"}, CONTINUE),
        ({}, tuple(pair.replace("workers-", "") for pair in CONTINUE)),
        ({}, tuple(pair.replace("0001", "0009") for pair in CONTINUE)),
        ({}, (*ASK[:2], "InstanceId=i-00000000000000002", "LifecycleActionResult=CONTINUE")),
    ],
    ids=["no hook", "no result", "another group", "another hook", "another instance", "scheduler"],
)
def test_a_lifecycle_action_that_is_not_pending_is_rejected(node, aws, facts, pairs):
    status, answer = node.call("autoscaling", *pairs, credentials=node.update(**facts).credentials)
    assert (status, code(answer)) == (400, "ValidationError")


def test_a_lifecycle_action_is_rejected_until_it_is_pending(node, aws):
    credentials = node.update(hookAfter=2).credentials
    early = [node.call("autoscaling", *CONTINUE, credentials=credentials) for _ in range(2)]
    assert {(status, code(answer)) for status, answer in early} == {(400, "ValidationError")}
    assert "No active Lifecycle Action found with instance ID i-00000000000000001" in early[0][1]
    time.sleep(2)
    assert node.call("autoscaling", *CONTINUE, credentials=credentials)[0] == 200
    assert node.call("autoscaling", *CONTINUE, credentials=credentials)[0] == 400


def test_faults_reject_the_first_calls_of_each_service(node, aws):
    credentials = node.update(faults=["throttled", "denied-at-first"]).credentials
    for service, pairs, words in (
        ("autoscaling", CONTINUE, ["Throttling"] * 2 + ["AccessDenied"] * 2),
        ("ec2", TAG, ["RequestLimitExceeded"] * 2 + ["UnauthorizedOperation"] * 2),
    ):
        answers = [node.call(service, *pairs, credentials=credentials) for _ in range(5)]
        assert [code(answer) for _, answer in answers[:4]] == words
        assert answers[4][0] == 200
    assert node.call("autoscaling", *CONTINUE, credentials=credentials)[0] == 400


def test_calls_of_the_status_page_are_answered_and_not_rejected(node, aws):
    credentials = node.update(faults=["throttled"]).credentials
    page = ("Action=DescribeAutoScalingGroups", "Version=2011-01-01")
    for _ in range(3):
        status, answer = node.call("autoscaling", *page, credentials=credentials)
        assert (status, "<DescribeAutoScalingGroupsResult>" in answer) == (200, True)
    first = node.call("autoscaling", *CONTINUE, credentials=credentials)
    assert (first[0], code(first[1])) == (400, "Throttling")


def test_tags_are_stored_unchanged(node, aws):
    status, answer = node.call("ec2", *TAG, credentials=node.update().credentials)
    assert status == 200, answer
    assert tags(aws) == {"dask:cause": "exit code 1: 'ä' & <b> + 50 %"}


def changed(**other):
    return lambda credentials: credentials | other


def without_token(credentials):
    return {name: value for name, value in credentials.items() if name != "Token"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (changed(SecretAccessKey="wrong"), "SignatureDoesNotMatch"),
        (changed(AccessKeyId="ASIA0000000000000000"), "InvalidClientTokenId"),
        (changed(Token="b2xk"), "InvalidClientTokenId"),
        (without_token, "InvalidClientTokenId"),
    ],
    ids=["wrong secret", "unknown key", "wrong token", "no token"],
)
def test_wrong_credentials_are_rejected(node, aws, change, error):
    credentials = change(node.update().credentials)
    status, answer = node.call("autoscaling", *CONTINUE, credentials=credentials)
    assert (status, code(answer)) == (403, error)
    status, answer = node.call("ec2", *TAG, credentials=credentials)
    assert (status, code(answer)) == (401, "AuthFailure")
    assert [(call["instance"], call["error"]) for call in node.calls()] == [(None, error)] * 2
    assert tags(aws) == {}


def test_a_signature_for_another_service_or_region_is_rejected(node, aws):
    for scope in ("aws:amz:eu-central-1:ec2", "aws:amz:us-east-1:autoscaling"):
        status, answer = node.call(
            "autoscaling", *CONTINUE, credentials=node.update().credentials, scope=scope
        )
        assert (status, code(answer)) == (403, "SignatureDoesNotMatch")
        assert "scoped to autoscaling in eu-central-1" in answer


def test_a_call_without_a_signature_is_rejected(node, aws):
    status, answer = node.curl("--data", "Action=x", f"https://autoscaling.{REGION}.amazonaws.com/")
    assert (status, code(answer)) == (403, "MissingAuthenticationToken")


def test_an_unsigned_session_token_is_rejected(node, aws):
    """curl before 7.86 sends such calls."""
    credentials = node.update().credentials
    day = datetime.now(UTC)
    scope = f"{credentials['AccessKeyId']}/{day:%Y%m%d}/{REGION}/autoscaling/aws4_request"
    headers = (
        f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
        f"Signature={'0' * 64}",
        f"X-Amz-Date: {day:%Y%m%dT%H%M%SZ}",
        f"X-Amz-Security-Token: {credentials['Token']}",
    )
    options = [word for header in headers for word in ("--header", header)]
    status, answer = node.curl(*options, "--data", "Action=x", f"https://autoscaling.{REGION}.amazonaws.com/")
    assert (status, code(answer)) == (403, "SignatureDoesNotMatch")
    assert "not signed: ['x-amz-security-token']" in answer


def test_an_expired_signature_is_rejected(node, aws, monkeypatch):
    credentials = node.update().credentials
    body = "&".join(CONTINUE)
    url = f"https://autoscaling.{REGION}.amazonaws.com/"
    request = AWSRequest("POST", url, {"Host": url[8:-1]}, body)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    signing = Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["Token"])
    SigV4Auth(signing, "autoscaling", REGION).add_auth(request)
    options = [word for pair in request.headers.items() for word in ("--header", ": ".join(pair))]
    status, answer = node.curl(*options, "--data", body, url)
    assert (status, code(answer)) == (403, "SignatureDoesNotMatch")
    assert "20200101T000000Z" in answer


def test_the_fault_aws_silent_never_answers(node, aws):
    node.update(faults=["aws-silent"])
    url = f"https://autoscaling.{REGION}.amazonaws.com/"
    assert node.curl("--max-time", "1", "--data", "Action=x", url) == (0, "")
    assert node.calls() == []


def test_an_unsupported_operation_is_rejected(node, aws):
    credentials = node.update().credentials
    status, answer = node.call(
        "ec2", "Action=TerminateInstances", "Version=2016-11-15", credentials=credentials
    )
    assert (status, code(answer)) == (400, "InvalidAction")


def test_the_node_script_reports_a_failure(node, imds, aws):
    """Runs cloud-init/base/instance.sh.sh."""
    script = """
set -euo pipefail
source "$1/functions.sh"
identify
report_result "failed in step conda: cannot download" ABANDON
"""
    done = node.script(script, "GROUP='dask-rig--cpu'", "HOOK='workers-registered'")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert tags(aws)["dask:state"].startswith("failed")
    actions = [(call["action"], call["status"]) for call in node.calls()]
    assert actions == [("CreateTags", 200), ("CompleteLifecycleAction", 200)]
    assert node.calls()[1]["parameters"]["LifecycleActionResult"] == "ABANDON"


SECRETS = """
set -uo pipefail
source "$1/functions.sh"
identify
get_secret() {
  ask secretsmanager secretsmanager.GetSecretValue '{"SecretId": "/dask/rig/'"$1"'"}' || { refusal; return; }
  field SecretString "$answer"
  echo
}
get_secret worker
secret='"SecretId": "/dask/rig/worker", "SecretString": "one\\nsecret"'
ask secretsmanager secretsmanager.PutSecretValue \\
  "{$secret, \\"ClientRequestToken\\": \\"00000000-0000-0000-0000-000000000001\\"}" || refusal
get_secret worker
get_secret client
ask ssm AmazonSSM.GetParameter '{"Name": "/dask/rig/requirements"}' && field Value "$answer"
"""


def test_the_node_script_stores_and_reads_secrets_and_parameters(node, imds, aws):
    moto = {"endpoint_url": aws.facts["moto"], "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    for name in ("worker", "client"):
        boto3.client("secretsmanager", REGION, **moto).create_secret(Name=f"/dask/rig/{name}")
    value = 'a "value"\nwith lines\n'
    boto3.client("ssm", REGION, **moto).put_parameter(
        Name="/dask/rig/requirements", Value=value, Type="String"
    )
    done = node.script(SECRETS, "CLUSTER='rig'", "RETRY_SECONDS=0")
    assert done.stderr == ""
    empty, *stored, denied, first, second = done.stdout.splitlines()
    assert empty.startswith("ResourceNotFoundException: ")
    assert stored == ["one", "secret"]
    assert denied == (
        "AccessDeniedException: dask-rig--cpu is not authorized to perform GetSecretValue on /dask/rig/client"
    )
    assert [first, second] == value.splitlines()
    put = next(call for call in node.calls() if call["action"] == "PutSecretValue")
    assert put["parameters"].keys() == {"Action", "SecretId", "ClientRequestToken"}


def test_the_node_script_retries_rejected_calls(node, imds, aws):
    moto = {"endpoint_url": aws.facts["moto"], "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    boto3.client("ssm", REGION, **moto).put_parameter(Name="/dask/rig/requirements", Value="a", Type="String")
    node.update(faults=["throttled", "denied-at-first"])
    script = """
source "$1/functions.sh"
sleep() { :; }
identify
ask ssm AmazonSSM.GetParameter '{"Name": "/dask/rig/requirements"}' && field Value "$answer"
"""
    done = node.script(script, "RETRY_SECONDS=150")
    assert done.stdout == "a"
    errors = [line.partition(";")[0] for line in done.stderr.splitlines()]
    throttled = "ssm: ThrottlingException: Rate exceeded"
    denied = "ssm: AccessDeniedException: User is not authorized to perform this action"
    assert errors == [throttled] * 2 + [denied] * 2


def test_only_the_owner_can_read_the_key_of_the_ca(node, aws):
    assert (node.shared / "ca.key").stat().st_mode & 0o077 == 0
