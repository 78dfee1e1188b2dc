"""Errors of `connect`: one sentence each, with a hint. No process and no thread is left."""

import re
from contextlib import ExitStack

import pytest

import cdktf_dask
from aws_double import REGION
from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.plugin import INSTALL
from doubles import Service, served

pytestmark = [pytest.mark.usefixtures("left"), pytest.mark.filterwarnings("error::UserWarning")]

NOTHING = "127.0.0.1:9"
"""Port of the discard protocol, on which nothing listens."""

LOG_IN = (
    "Hint: log in (`aws sso login`, `aws configure`), or choose a profile (AWS_PROFILE, profile=, --profile)"
)
STATES = "Hint: wait if it is booting; otherwise see the outputs node_states and logs_scheduler"


def refusal(**options) -> str:
    """The error of a connection to the cluster `broken`."""
    with pytest.raises(cdktf_dask.ConnectError) as raised:
        cdktf_dask.connect("broken", **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.fixture
def denying(account, monkeypatch):
    """Let a service of AWS give an error with this code."""

    def deny(service: str, code: str, message: str = "User is not authorized.") -> None:
        answers = [(400, {"__type": code, "message": message})]
        url = entered.enter_context(served(Service(answers)))
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

    with ExitStack() as entered:
        yield deny


def test_no_region(home):
    assert refusal() == (
        "no region to look for the cluster 'broken' in. "
        'Hint: name it: connect("broken", region="eu-central-1"), --region, or AWS_REGION'
    )


def test_no_credentials(home):
    assert refusal(region=REGION) == f"no AWS credentials (Unable to locate credentials). {LOG_IN}"


def test_an_unknown_profile(home):
    assert refusal(profile="none") == (
        f"no AWS credentials (The config profile (none) could not be found). {LOG_IN}"
    )


def test_a_sso_session_that_ended(home, caplog):
    sso = "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 1\n"
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(f"[default]\nregion = {REGION}\n{sso}sso_role_name = a\n")
    assert refusal() == (
        "no AWS credentials (Error loading SSO Token: Token for https://example.awsapps.com/start does not "
        f"exist). {LOG_IN}"
    )
    assert caplog.records == []


def test_another_region(account):
    assert refusal() == (
        "no cluster 'broken' in eu-central-1, the region of your AWS configuration. "
        'Hint: name the region of the cluster: connect("broken", region="…"), or --region'
    )


def test_another_region_that_was_named(account):
    assert refusal(region="us-east-1").startswith("no cluster 'broken' in us-east-1. Hint:")


def test_a_stopped_scheduler(account):
    instance = account.scheduler("broken", NOTHING)
    account.stop(instance)
    assert refusal() == (
        f"the scheduler of broken does not run: its instance {instance} is stopped. Hint: "
        "start the instance, or deploy the cluster again; the output node_states shows all nodes"
    )


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        pytest.param("", "its instance {} is still booting", id="during its boot"),
        pytest.param(
            "ready", "its instance {} has booted, but the scheduler does not run", id="after its boot"
        ),
        pytest.param(
            "step dask failed with exit code 1: no space left",
            "the boot of its instance {} failed: step dask failed with exit code 1: no space left",
            id="after a failed boot",
        ),
    ],
)
def test_a_scheduler_that_does_not_answer(account, state, cause):
    instance = account.scheduler("broken", NOTHING, state)
    assert refusal() == (
        f"the scheduler of broken does not answer through the tunnel: {cause.format(instance)}. {STATES}"
    )


def test_an_instance_without_session_manager(account):
    account.scheduler("broken", None)
    assert refusal() == (
        "the instance is not connected to Session Manager (i-1 is not connected). Hint: "
        "wait until the instance has booted; it needs a route to Session Manager (NAT or endpoints)"
    )


def test_a_certificate_that_the_scheduler_has_not_stored_yet(account):
    account.scheduler("broken", NOTHING)
    account.secret("broken", None)
    assert refusal() == (
        "the scheduler of broken has stored no client certificate yet. "
        "Hint: wait until the scheduler has booted; the output node_states shows its state"
    )


def test_a_secret_that_is_no_certificate(account):
    account.scheduler("broken", NOTHING)
    account.secret("broken", "nothing")
    assert refusal() == (
        "the secret /dask/broken/client cannot be used: it has no certificate. "
        "Hint: run the output renew_certificates, and check the clock of this computer"
    )


def test_a_denied_secret(account, denying):
    account.scheduler("broken", NOTHING)
    denying("SECRETS_MANAGER", "AccessDeniedException")
    assert refusal() == (
        "AWS denies GetSecretValue (User is not authorized). Hint: you need secretsmanager:GetSecretValue "
        "on the secret /dask/broken/client and kms:Decrypt on the cluster's key"
    )


def test_a_denied_session(account, denying):
    instance = account.scheduler("broken", NOTHING)
    denying("SSM", "AccessDeniedException")
    assert refusal() == (
        "AWS denies StartSession (User is not authorized). Hint: you need ssm:StartSession on the instance "
        f"{instance} and the document AWS-StartPortForwardingSession"
    )


def test_expired_credentials(account, denying):
    account.scheduler("broken", NOTHING)
    denying("SECRETS_MANAGER", "ExpiredTokenException", "The security token included is expired")
    assert refusal() == (
        "AWS rejects your credentials (ExpiredTokenException: The security token included is expired). "
        f"{LOG_IN}"
    )


def test_aws_out_of_reach(account, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{NOTHING}")
    monkeypatch.setattr("cdktf_dask.client.aws.CONFIG", None)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert refusal() == (
        f'AWS cannot be reached (Could not connect to the endpoint URL: "http://{NOTHING}/"). '
        "Hint: check region, network and proxy"
    )


def test_no_plugin(account, home):
    account.scheduler("broken", NOTHING)
    (home / "bin" / "session-manager-plugin").unlink()
    assert refusal() == (
        "a session of Session Manager requires session-manager-plugin, which is not installed. "
        f"Hint: {INSTALL}"
    )
    assert account.sessions.requests == []


def test_a_plugin_that_would_show_the_token_to_other_users(account, home, monkeypatch):
    account.scheduler("broken", NOTHING)
    monkeypatch.setenv("PLUGIN_DOUBLE_VERSION", "1.2.497.0")
    program = home / "bin" / "session-manager-plugin"
    assert refusal() == f"{program} is 1.2.497, expected 1.2.536 or later. Hint: {INSTALL}"


def test_a_session_that_fails(account):
    account.sessions.targets[account.scheduler("broken", NOTHING)] = "handshake"
    assert re.fullmatch(
        r"session-manager-plugin ended on port \d+: Starting session with SessionId: user-\w+ SessionId: x : "
        r"Encountered error while initiating handshake\. Hint: try again; with preferences of Session "
        r"Manager, see docs/connecting\.md",
        refusal(),
    )


def test_a_home_that_cannot_be_written(account, home, pki):
    account.scheduler("broken", NOTHING)
    account.secret("broken", pki.client)
    (home / ".dask").write_text("a file")
    assert refusal() == (
        f"the client bundle cannot be written to {home}/.dask/broken "
        f"([Errno 20] Not a directory: '{home}/.dask/broken'). Hint: set HOME to a folder that you can write"
    )


def test_of_several_instances_the_running_one_is_the_scheduler(account):
    running = account.scheduler("broken", NOTHING)
    account.stop(account.scheduler("broken", NOTHING, address="127.0.0.11"))
    account.terminate(account.scheduler("broken", NOTHING, address="127.0.0.12"))
    assert AwsCluster("broken").scheduler().id == running


def test_no_error_has_a_key(account, pki):
    account.scheduler("broken", NOTHING)
    account.secret("broken", pki.client)
    error = refusal()
    for line in pki.client.splitlines()[1:3]:
        assert line not in error
