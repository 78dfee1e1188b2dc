"""The boot step of the dashboard's reverse proxy, with doubles of the secret, of systemd and of the proxy."""

import subprocess
from datetime import UTC, datetime

import dask.config
import pytest

from cdktf_dask.node import dashboard
from cdktf_dask.node.aws import AwsError
from cdktf_dask.tls.ca import Profile, create_ca, issue
from doubles import status_server

PASSWORD = "0123456789abcdef0123456789abcdef"


class Store:
    """Stands for the secrets of a cluster."""

    def __init__(self, value: str | None = None):
        self.value = value
        self.refusal: AwsError | None = None

    def path(self, name: str) -> str:
        return f"/dask/production/{name}"

    def get(self, name: str) -> str | None:
        assert name == "dashboard"
        if self.refusal:
            raise self.refusal
        return self.value

    def put(self, name: str, value: str) -> None:
        assert name == "dashboard"
        if self.refusal:
            raise self.refusal
        self.value = value


class Node:
    """Commands of the node that only note their call, and the file that they write."""

    def __init__(self, folder):
        self.calls_file, self.htpasswd, self.bin = folder / "calls", folder / "htpasswd", folder / "bin"
        self.bin.mkdir()
        self.calls_file.touch()
        self.command("systemctl")
        self.command("journalctl", "echo 'bind() to 0.0.0.0:8787 failed'")
        self.command("install", f"cat >{self.htpasswd}")
        self.command("openssl", 'exec /usr/bin/openssl "$@"')

    def command(self, name: str, body: str = ":") -> None:
        file = self.bin / name
        file.write_text(f'#!/bin/bash\necho "{name} $*" >>{self.calls_file}\n{body}\n')
        file.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines()

    def admits(self, password: str) -> bool:
        """Whether the file for nginx has the hash of the password."""
        user, _, found = self.htpasswd.read_text().rstrip("\n").partition(":")
        command = ["/usr/bin/openssl", "passwd", "-6", "-salt", found.split("$")[2], "-stdin"]
        made = subprocess.run(command, input=password, capture_output=True, text=True, check=True).stdout
        return (user, f"{found}\n") == ("dask", made)


@pytest.fixture
def node(monkeypatch, tmp_path):
    made = Node(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    monkeypatch.setattr(dashboard, "PASSWORD_FILE", made.htpasswd)
    monkeypatch.setattr(dashboard, "ANSWER_SECONDS", 1)
    return made


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Certificate of a node for 127.0.0.1."""
    file = tmp_path_factory.mktemp("certificates") / "node.pem"
    now = datetime.now(UTC)
    file.write_text(issue(create_ca("mine", now), "node", Profile.NODE, now, names=("127.0.0.1",)))
    return file


@pytest.fixture
def proxy(monkeypatch, pem):
    """Stands for the reverse proxy: answers each request over TLS with its status."""
    with status_server(401, pem) as server:
        monkeypatch.setattr(dashboard, "NODE_PEM", pem)
        yield server


def step(store: Store, proxy, **options: bool) -> None:
    dashboard.main(store, str(proxy.server_port), **options)


def failure(store: Store, port: int, **options: bool) -> str:
    """Cause with which the step fails."""
    with pytest.raises(SystemExit) as end:
        dashboard.main(store, str(port), **options)
    return str(end.value.code)


def test_it_admits_the_password_in_the_secret(node, proxy, capsys):
    step(Store(PASSWORD), proxy)
    assert node.calls == [
        "openssl passwd -6 -stdin",
        f"install -o www-data -g www-data -m 0400 /dev/stdin {node.htpasswd}",
        "systemctl daemon-reload",
        "systemctl enable --quiet dask-dashboard.service",
        "systemctl restart dask-dashboard.service",
    ]
    assert (node.admits(PASSWORD), node.admits("hunter2")) == (True, False)
    assert capsys.readouterr().out == (
        "the dashboard asks for the user dask and the password in the secret /dask/production/dashboard\n"
    )


@pytest.mark.parametrize(("renew", "earlier"), [(False, None), (True, PASSWORD), (True, None)])
def test_it_creates_a_password_of_128_bits_and_shows_it_to_nobody(node, proxy, capsys, renew, earlier):
    store = Store(earlier)
    step(store, proxy, renew=renew)
    output = capsys.readouterr().out
    assert output.startswith("the password of the dashboard is new\n")
    assert store.value is not None
    assert (len(bytes.fromhex(store.value)), store.value != earlier) == (16, True)
    assert node.admits(store.value)
    assert store.value not in output + "\n".join(node.calls)
    assert "systemctl restart dask-dashboard.service" in node.calls


@pytest.mark.parametrize(("renew", "verb"), [(False, "read"), (True, "write")])
def test_a_secret_that_aws_refuses_fails_the_step_and_changes_nothing(node, renew, verb):
    store = Store(PASSWORD)
    store.refusal = AwsError("AccessDeniedException", "not you", passes=True)
    assert failure(store, 1, renew=renew) == (
        f"cannot {verb} the secret /dask/production/dashboard: AccessDeniedException: not you"
    )
    assert (store.value, node.calls) == (PASSWORD, [])


@pytest.mark.parametrize("value", ["", "\n"])
def test_an_empty_secret_admits_nobody(node, value):
    assert failure(Store(value), 1) == (
        "/dask/production/dashboard: got an empty secret, expected a password. Hint: run.sh dashboard renew"
    )
    assert node.calls == []


def test_browsers_may_open_it_by_the_address_that_ec2_chose(monkeypatch, tmp_path):
    (tmp_path / "dask.yaml").write_text(
        "distributed: {scheduler: {dashboard: {bokeh-application: "
        "{allow_websocket_origin: [localhost:8787], keep_alive_milliseconds: 500}}}}"
    )
    monkeypatch.setattr(dashboard, "ORIGINS_FILE", tmp_path / "origins.json")
    monkeypatch.setattr(dashboard.Metadata, "address", lambda self: "10.0.0.4")
    dashboard.write_origins(["scheduler.mine.internal", "localhost"], "8787")
    # As Dask reads them on the node: in the order of their names.
    read = dask.config.collect(paths=[str(tmp_path)], env={})
    assert read["distributed"]["scheduler"]["dashboard"]["bokeh-application"] == {
        "allow_websocket_origin": ["scheduler.mine.internal:8787", "localhost:8787", "10.0.0.4:8787"],
        "keep_alive_milliseconds": 500,
    }
    assert (tmp_path / "origins.json").stat().st_mode & 0o777 == 0o644


def test_a_proxy_without_a_password_fails_the_step(node, proxy):
    proxy.status = 200
    assert failure(Store(PASSWORD), proxy.server_port) == (
        "the reverse proxy of the dashboard: got 200, expected status 401: bind() to 0.0.0.0:8787 failed"
    )


def test_a_proxy_that_does_not_answer_fails_the_step(node, proxy):
    proxy.shutdown()
    proxy.server_close()
    node.command("systemctl", "[[ $1 != restart ]]")
    assert failure(Store(PASSWORD), proxy.server_port) == (
        "the reverse proxy of the dashboard: got [Errno 111] Connection refused, expected status 401: "
        "bind() to 0.0.0.0:8787 failed"
    )
