"""Fixtures of the tests of a client: a cluster with TLS, and the AWS account in which it seems to be."""

import os
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aws_double import CREDENTIALS, Account, SessionManager, install_plugin, moto
from cdktf_dask.client import route, tunnel
from cdktf_dask.tls.ca import Profile, create_ca, issue
from cluster import Cluster
from doubles import served

NAMES = ("localhost", "127.0.0.1")

NO_LISTENER = 9
"""Port of the discard protocol, on which nothing listens: direct connections fail at once."""


class Pki:
    """CA of a cluster with the certificates of its node and of its clients."""

    def __init__(self, folder: Path, cluster: str = "production") -> None:
        now = datetime.now(UTC)
        self.ca = create_ca(cluster, now)
        self.node = folder / "node.pem"
        self.node.write_text(issue(self.ca, "node", Profile.NODE, now, names=NAMES))
        self.client = self.issue_client()

    def issue_client(self, days: float = 90) -> str:
        return issue(self.ca, "client", Profile.CLIENT, datetime.now(UTC), days=days)

    @property
    def options(self) -> tuple[str, ...]:
        """TLS of a process of Dask."""
        pem = str(self.node)
        return ("--tls-ca-file", pem, "--tls-cert", pem, "--tls-key", pem)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """Certificates of the cluster with TLS."""
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def secure(pki):
    """A cluster with TLS and one worker of the pool cpu."""
    with Cluster("--protocol", "tls", *pki.options) as cluster:
        cluster.worker("cpu--host-0", "CPU=1", *pki.options)
        yield cluster


@pytest.fixture(scope="session")
def moto_url():
    """URL of the mock AWS."""
    with moto() as url:
        yield url


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Home of a user without any configuration of AWS; all that a program could read there is in it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def account(home, moto_url, monkeypatch):
    """The account of the test. Clusters of other tests have other names or are terminated."""
    sessions = SessionManager()
    install_plugin(home / "bin")
    use_port(monkeypatch, NO_LISTENER)
    monkeypatch.setenv("PATH", f"{home / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PLUGIN_DOUBLE", str(home))
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with served(sessions) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", url)
        created = Account(moto_url, sessions)
        yield created
        created.clear()


@pytest.fixture
def left():
    """Fails the test if it leaves a thread of a tunnel or a connection, or a process of a plugin."""
    yield
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if name.startswith(("tunnel-", "cdktf-dask"))] == []
    no_plugin_is_left()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def use_port(monkeypatch, port: int) -> None:
    """Let the scheduler have this port, not 8786, for direct connections."""
    for module in (route, tunnel):
        monkeypatch.setattr(module, "SCHEDULER_PORT", port)


def at_home(monkeypatch, *names: str) -> None:
    """Let these names and addresses be 127.0.0.1, as a route to the cluster's network does."""
    real = socket.getaddrinfo

    def resolve(host, *rest, **more):
        return real("127.0.0.1" if host in names else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def no_plugin_is_left() -> None:
    """Fail if a plugin or its guard runs; a guard of a Python that was killed ends within 2 s."""
    ends = time.monotonic() + 10
    while plugins():
        assert time.monotonic() < ends, plugins()
        time.sleep(0.05)


def plugins() -> list[int]:
    """Processes of plugins and of their guards, by their id."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            zombie = ") Z " in (process / "stat").read_text()
        except OSError:
            continue
        if b"session-manager-plugin" in words and not zombie:
            found.append(int(process.name))
    return found
