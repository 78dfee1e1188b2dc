"""`connect` to a cluster on AWS: real Dask with TLS, a mock of AWS, a double of Session Manager's plugin."""

import os
import subprocess
import sys
import time

import dask
import pytest
from distributed import Future

import cdktf_dask
from aws_double import CREDENTIALS, REFUSING, SILENT
from cdktf_dask.client import tunnel
from client_fixtures import Pki, at_home, no_plugin_is_left, plugins, port_of, use_port
from cluster import ENVIRONMENT, SOURCES, Cluster
from library import evaluate

pytestmark = [pytest.mark.usefixtures("left"), pytest.mark.filterwarnings("error::UserWarning")]

NAME = "scheduler.production.internal"
TUNNEL_SECONDS = 5
"""The goal is 5 s on an idle computer."""

SHARED_COMPUTER = 3
"""How much longer a test may take on a computer with other work."""


def target(cluster) -> str:
    return f"127.0.0.1:{port_of(cluster.address)}"


@pytest.fixture
def production(account, pki, secure):
    """The cluster `production` on AWS; returns its instance."""
    account.secret("production", pki.client)
    return account.scheduler("production", target(secure))


def connect(**options):
    return cdktf_dask.connect("production", **options)


def wait_for(condition, seconds=30):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_client_connects_through_a_tunnel_within_5_seconds(account, pki, secure, monkeypatch):
    use_port(monkeypatch, 8786)
    account.secret("production", pki.client)
    instance = account.scheduler("production", target(secure), address=SILENT)
    started = time.monotonic()
    client = connect()
    seconds = time.monotonic() - started
    print(f"connect through a tunnel: {seconds:.2f} s")
    assert client.tunnel.instance == instance
    assert client.scheduler.address == f"tls://127.0.0.1:{client.tunnel.port}"
    assert client.submit(sum, [1, 2, 3]).result(30) == 6
    client.close()
    assert [operation for operation, _ in account.sessions.requests] == ["StartSession"]
    assert seconds < TUNNEL_SECONDS * SHARED_COMPUTER


def test_closing_the_client_ends_the_session(production, home):
    with connect() as client:
        assert len((home / "started").read_text().splitlines()) == 1
        assert len(plugins()) == 2
        assert isinstance(client.submit(sum, [1]), Future)
    assert (home / "ended").read_text() == (home / "started").read_text()


def test_an_exception_in_the_context_ends_the_session(production, home):
    with pytest.raises(ZeroDivisionError), connect():
        raise ZeroDivisionError
    assert (home / "ended").read_text() == (home / "started").read_text()


def test_an_exception_after_the_tunnel_opened_ends_the_session(production, home):
    with pytest.raises(ValueError, match="no_such_option"):
        connect(no_such_option=1)
    assert (home / "ended").read_text() == (home / "started").read_text()


PROGRAM = """
import cdktf_dask, os, signal
client = cdktf_dask.connect("production", progress=False)
print(client.submit(sum, [1, 2]).result(30), flush=True)
{end}
"""


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("", id="at its end"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="killed"),
    ],
)
def test_no_process_is_left_by_a_program_that_ends_without_closing_the_client(production, end):
    program = [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM.format(end=end)]
    environment = current_environment()
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("3\n", "")
    no_plugin_is_left()


def current_environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    return ENVIRONMENT | own | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_bundle_is_that_of_the_output_client_bundle(production, home, pki, tmp_path_factory):
    connect().close()
    folder = home / ".dask" / "production"
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {
        "client.pem": "0o600",
        "dask.yaml": "0o600",
    }
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    command = evaluate(
        """
        const cluster = load("../environments/production").production;
        return load("aws/client-bundle").clientBundle(cluster, load("node/plan").planNodes(cluster));
        """
    )
    written = {name: (folder / name).read_text() for name in ("client.pem", "dask.yaml")}
    assert written["client.pem"] == pki.client
    for name in written:
        (folder / name).unlink()
    aws = home / "bin" / "aws"
    (home / "secret").write_text(pki.client)
    aws.write_text(f"#!/bin/sh\ncat {home}/secret\n")
    aws.chmod(0o755)
    subprocess.run(["sh", "-c", command], check=True, timeout=30, capture_output=True)
    assert {name: (folder / name).read_text() for name in written} == written


def test_dasks_configuration_stays_as_it_is(production):
    before = dask.config.get("distributed.comm")
    client = connect(set_as_default=False)
    assert dask.config.get("distributed.comm") == before
    assert dask.config.get("scheduler-address", None) is None
    client.close()


@pytest.fixture
def with_route(account, monkeypatch, secure):
    """This computer has a route to the scheduler."""
    use_port(monkeypatch, port_of(secure.address))


@pytest.mark.usefixtures("with_route")
def test_with_a_bundle_and_a_route_the_name_is_used_and_aws_is_not_asked(
    production, monkeypatch, secure, account
):
    connect().close()
    at_home(monkeypatch, NAME)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    account.sessions.requests.clear()
    with connect() as client:
        assert client.tunnel is None
        assert client.scheduler.address == f"tls://{NAME}:{port_of(secure.address)}"
        assert client.submit(sum, [1, 2]).result(30) == 3
    assert account.sessions.requests == []


@pytest.mark.usefixtures("with_route")
def test_without_the_name_the_private_address_is_used(production, monkeypatch, secure, account):
    at_home(monkeypatch, REFUSING)
    with connect() as client:
        assert client.tunnel is None
        assert client.scheduler.address == f"tls://{REFUSING}:{port_of(secure.address)}"
    assert account.sessions.requests == []


def test_a_bundle_of_an_earlier_ca_is_replaced(production, home, pki, tmp_path):
    earlier = Pki(tmp_path)
    folder = home / ".dask" / "production"
    folder.mkdir(parents=True)
    (folder / "client.pem").write_text(earlier.client)
    connect().close()
    assert (folder / "client.pem").read_text() == pki.client


def test_a_bundle_that_the_new_scheduler_rejects_too_is_an_error(production, account, tmp_path):
    account.store("production", Pki(tmp_path).client)
    with pytest.raises(cdktf_dask.ConnectError) as raised:
        connect()
    port = account.sessions.requests[0][1]["Parameters"]["localPortNumber"][0]
    assert str(raised.value) == (
        f"the CA of the client bundle did not sign the certificate of 127.0.0.1:{port}, "
        "with the newest client bundle too. Hint: run the output renew_certificates, then connect again"
    )


def test_a_bundle_near_its_end_is_refreshed(production, home, pki):
    folder = home / ".dask" / "production"
    folder.mkdir(parents=True)
    (folder / "client.pem").write_text(pki.issue_client(29))
    connect().close()
    assert (folder / "client.pem").read_text() == pki.client


@pytest.mark.usefixtures("with_route")
def test_a_bundle_near_its_end_is_used_with_a_warning_if_it_cannot_be_refreshed(home, pki, monkeypatch):
    folder = home / ".dask" / "production"
    folder.mkdir(parents=True)
    (folder / "client.pem").write_text(pki.issue_client(29))
    at_home(monkeypatch, NAME)
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    with pytest.warns(UserWarning) as warned:
        connect(region="eu-central-1").close()
    text = str(warned[0].message)
    assert text.startswith("the client certificate ends at 20")
    assert "cannot be refreshed: no AWS credentials (Unable to locate credentials). Hint: log in" in text


def test_a_cluster_without_tls_is_reached_through_the_tunnel_only(account, two_pools, home):
    account.scheduler("open", target(two_pools))
    with cdktf_dask.connect("open") as client:
        assert client.scheduler.address == f"tcp://127.0.0.1:{client.tunnel.port}"
        assert client.submit(sum, [1, 2]).result(30) == 3
    assert not (home / ".dask" / "open").exists()


def test_a_tunnel_that_drops_is_opened_again_and_the_client_goes_on(production, home):
    with connect() as client:
        address = client.scheduler.address
        pid = int((home / "started").read_text().split()[1])
        subprocess.run(["kill", "-9", str(pid)], check=True)
        wait_for(lambda: len((home / "started").read_text().splitlines()) == 2)
        wait_for(lambda: client.status == "running" and client.tunnel.instance == production)
        assert client.scheduler.address == address
        assert client.submit(sum, [1, 2]).result(30) == 3


def test_the_tunnel_follows_the_scheduler_to_a_new_instance(account, pki, secure, monkeypatch):
    monkeypatch.setattr(tunnel, "CHECK_SECONDS", 1.0)
    account.secret("production", pki.client)
    with Cluster("--protocol", "tls", *pki.options) as old:
        first = account.scheduler("production", target(old))
        with connect() as client, connect(set_as_default=False) as other:
            assert client.tunnel.instance == first
            address = client.scheduler.address
            account.terminate(first)
            second = account.scheduler("production", target(secure))
            old.scheduler.kill()
            wait_for(lambda: other.status == "connecting")
            started = time.monotonic()
            other.close()
            assert time.monotonic() - started < SHARED_COMPUTER
            wait_for(lambda: client.tunnel.instance == second and client.status == "running")
            assert client.scheduler.address == address
            assert client.submit(sum, [1, 2]).result(30) == 3
