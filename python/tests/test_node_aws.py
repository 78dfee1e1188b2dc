"""Calls to AWS, the secrets of a cluster, and the metadata of the instance."""

import time

import pytest

from cdktf_dask.node import metadata
from cdktf_dask.node.aws import Aws, AwsError, Secrets
from cdktf_dask.node.settings import read_settings
from doubles import ROLE, Service, instance_metadata, served

SECRET = {"Name": "/dask/production/worker", "SecretString": "a key\nof lines", "VersionId": "1"}


def refusal(code: str) -> tuple[int, dict]:
    return 400, {"__type": code, "Message": "not you"}


@pytest.fixture
def pauses(monkeypatch):
    """Seconds of each pause; none of them is waited for."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


@pytest.fixture
def instance(monkeypatch):
    """The metadata service of an instance with a role."""
    with instance_metadata(monkeypatch) as double:
        yield double


@pytest.fixture
def service(monkeypatch, instance):
    """The service that all calls go to."""
    double = Service()
    with served(double) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield double


@pytest.fixture
def secrets(service):
    return Secrets(Aws(), "production")


def test_a_value_of_the_metadata_needs_a_token_and_one_token_is_enough(instance):
    instance.values["instance-life-cycle"] = "spot"
    asked = metadata.Metadata()
    assert (asked.region(), asked.get("instance-life-cycle")) == ("eu-central-1", "spot")
    assert asked.get("spot/instance-action") is None
    assert instance.requests == [
        "PUT /latest/api/token",
        "GET /latest/meta-data/placement/region",
        "GET /latest/meta-data/instance-life-cycle",
        "GET /latest/meta-data/spot/instance-action",
    ]


def test_the_account_is_in_the_identity_document(instance):
    instance.values["/latest/dynamic/instance-identity/document"] = '{"accountId": "123456789012"}'
    assert metadata.Metadata().account() == "123456789012"


def test_a_rejected_token_is_replaced_and_a_busy_service_is_asked_again(instance, pauses):
    instance.faults = [(401, ""), (503, "busy")]
    assert metadata.Metadata().region() == "eu-central-1"
    assert (instance.tokens, pauses) == (2, [1, 1])


def test_a_metadata_service_that_fails_is_an_error_after_five_attempts(instance, pauses):
    instance.faults = [(503, "")] * 5
    with pytest.raises(OSError, match=r"^HTTP Error 503: Service Unavailable$"):
        metadata.Metadata().region()
    assert pauses == [1, 1, 1, 1]


def test_a_secret_is_read_with_the_credentials_of_the_role_in_the_region_of_the_instance(service, secrets):
    service.answers = [(200, SECRET)]
    assert secrets.get("worker") == "a key\nof lines"
    assert service.requests == [
        ("secretsmanager.GetSecretValue", {"SecretId": "/dask/production/worker"}),
    ]
    [authorization] = service.authorizations
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/")
    assert "/eu-central-1/secretsmanager/aws4_request" in authorization


def test_calls_that_succeed_share_one_client_which_reads_the_credentials_once(instance, service, secrets):
    service.answers = [(200, SECRET), (200, SECRET)]
    assert [secrets.get("worker"), secrets.get("client")] == ["a key\nof lines"] * 2
    assert instance.requests.count(f"GET /latest/meta-data/{ROLE}the-role") == 1


def test_after_an_error_the_credentials_are_read_again(instance, service, secrets, pauses):
    service.answers = [(200, SECRET), refusal("AccessDeniedException"), (200, SECRET)]
    assert [secrets.get("worker"), secrets.get("client")] == ["a key\nof lines"] * 2
    assert len(pauses) == 1
    assert instance.requests.count(f"GET /latest/meta-data/{ROLE}the-role") == 2


def test_a_secret_without_a_value_is_none(service, secrets):
    service.answers = [refusal("ResourceNotFoundException")]
    assert secrets.get("worker") is None


def test_a_secret_that_cannot_be_read_is_never_taken_for_one_without_a_value(service, pauses):
    service.answers = [refusal("AccessDeniedException")]
    with pytest.raises(AwsError, match=r"^AccessDeniedException: not you$"):
        Secrets(Aws(retry_seconds=0), "production").get("worker")
    assert pauses == []


def test_a_new_value_is_sent_once_with_a_token_against_repetition(service, secrets):
    service.answers = [(200, {})]
    secrets.put("client", "a key")
    [(operation, parameters)] = service.requests
    token = parameters.pop("ClientRequestToken")
    assert (operation, parameters) == (
        "secretsmanager.PutSecretValue",
        {"SecretId": "/dask/production/client", "SecretString": "a key"},
    )
    assert len(token) == 36


@pytest.mark.parametrize(
    "code",
    [
        *("ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"),
        *("ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"),
        *("AccessDeniedException", "UnauthorizedOperation", "InternalFailure", "ServiceUnavailable"),
    ],
)
def test_an_error_that_passes_is_waited_for(service, secrets, pauses, capsys, code):
    service.answers = [refusal(code)] * 5 + [(200, SECRET)]
    assert secrets.get("worker") == "a key\nof lines"
    lines = capsys.readouterr().out.splitlines()
    assert lines
    for line in lines:
        assert line.startswith(f"secretsmanager: {code}: not you; trying again in ")


@pytest.mark.parametrize("code", ["ValidationException", "InvalidParameterException"])
def test_an_error_that_stays_is_raised_at_once(service, secrets, pauses, code):
    service.answers = [refusal(code)]
    with pytest.raises(AwsError, match=f"^{code}: not you$"):
        secrets.get("worker")
    assert (len(service.requests), pauses) == (1, [])


def test_pauses_grow_and_end_after_the_given_seconds(service, secrets, pauses):
    service.answers = [refusal("AccessDeniedException")] * 100
    with pytest.raises(AwsError):
        secrets.get("worker")
    assert 1 <= pauses[0] <= 3
    assert max(pauses) <= 30
    assert 150 <= sum(pauses) < 180
    assert len(service.requests) == len(pauses) + 1


def test_the_credentials_of_a_role_that_is_seconds_old_are_waited_for(
    instance, service, secrets, monkeypatch, capsys
):
    role = instance.values.pop(ROLE)
    monkeypatch.setattr(time, "sleep", lambda _: instance.values.update({ROLE: role}))
    service.answers = [(200, SECRET)]
    assert secrets.get("worker") == "a key\nof lines"
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "secretsmanager: the metadata service has no credentials of a role; trying again in "
    )


def test_settings_are_those_of_the_scripts(monkeypatch, tmp_path):
    file = tmp_path / "node.env"
    file.write_text("CLUSTER='production'\nGROUP=''\nPACKAGES='a b=c'\n")
    monkeypatch.setenv("DASK_NODE_ENV", str(file))
    assert read_settings() == {"CLUSTER": "production", "GROUP": "", "PACKAGES": "a b=c"}
