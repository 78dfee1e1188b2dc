"""The command `dask-cluster`, run as a user does."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from aws_double import Account
from cdktf_dask.cli.main import main
from cdktf_dask.client.bundle import tls_security
from cdktf_dask.client.probe import probe
from cdktf_dask.client.tunnel import free_port
from client_fixtures import no_plugin_is_left, port_of
from cluster import ENVIRONMENT, REPOSITORY, SOURCES, end
from test_client_local import record

COMMAND = (sys.executable, "-c", "from cdktf_dask.cli.main import main; main(prog_name='dask-cluster')")


def environment() -> dict[str, str]:
    """That of the test, which has its account and home."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    return ENVIRONMENT | own | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(autouse=True)
def warnings_of_tests(monkeypatch):
    """The command shows warnings in another way; other tests do not."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    """Output and errors of the command, which ends with this exit code. It runs in this process."""
    done = CliRunner().invoke(main, arguments, prog_name="dask-cluster", catch_exceptions=False)
    assert done.exit_code == code, done.stderr
    return done.stdout, done.stderr


def test_connect_prints_how_to_reach_a_local_cluster(two_pools, home):
    record(home, two_pools.address)
    output, errors = run("connect", "local", "--json")
    answer = json.loads(output)
    dask = answer["dask"]
    assert answer == {
        "cluster": "local",
        "address": two_pools.address,
        "tunnel": None,
        "workers": 3,
        "dask": dask,
        "distributed": dask,
    }
    assert errors == ""
    lines = run("connect", "local")[0].splitlines()
    assert lines == [
        f"local: {two_pools.address} (direct), 3 workers, dask {dask}",
        "In Python: import cdktf_dask; client = cdktf_dask.connect('local')",
    ]


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("smoke-test", "`npm start` runs the smoke test of a local cluster"),
        ("rotate-password", "the dashboard of a local cluster has no password"),
        ("tunnel", "dask-cluster connect {} prints its address"),
        ("bundle", "dask-cluster connect {} needs none"),
    ],
)
def test_what_is_only_for_clusters_on_aws(home, command, hint):
    record(home, "tcp://127.0.0.1:9", "research")
    for name in ("local", "research"):
        assert run(command, name, code=2) == (
            "",
            f"dask-cluster: {command} is only for clusters on AWS, and {name} is a local one. "
            f"Hint: {hint.format(name)}\n",
        )


@pytest.fixture
def production(account: Account, secure, pki) -> str:
    """The cluster `production` on AWS; returns its instance."""
    account.secret("production", pki.client)
    return account.scheduler("production", f"127.0.0.1:{port_of(secure.address)}")


def test_connect_through_a_tunnel_closes_it(production):
    output, errors = run("connect", "production", "--region", "eu-central-1")
    first, second = output.splitlines()
    assert first.startswith("production: tls://127.0.0.1:")
    assert f"(Session Manager, {production}), 1 workers, dask 20" in first
    assert second == (
        "In Python: import cdktf_dask; client = cdktf_dask.connect('production', region='eu-central-1')"
    )
    assert errors == ""
    no_plugin_is_left()


def test_bundle_fetches_the_bundle(production, home, pki):
    output, _ = run("bundle", "production")
    assert output.splitlines()[0] == f"DASK_CONFIG={home}/.dask/production/dask.yaml"
    assert output.splitlines()[1].startswith("the certificate is valid until 20")
    pem = home / ".dask" / "production" / "client.pem"
    assert pem.read_text() == pki.client
    pem.write_text(pki.issue_client(60))
    kept = pem.read_text()
    assert json.loads(run("bundle", "production", "--json")[0])["folder"] == f"{home}/.dask/production"
    assert pem.read_text() == kept
    run("bundle", "production", "--force")
    assert pem.read_text() == pki.client


def test_a_cluster_without_tls_needs_no_bundle(account, home):
    account.scheduler("open", "127.0.0.1:9")
    assert json.loads(run("bundle", "open", "--json")[0]) == {"cluster": "open", "tls": False}
    assert run("bundle", "open")[0] == "open has no TLS, so it needs no client bundle\n"


@contextmanager
def tunnel(*arguments: str):
    """The process of an open tunnel and the first line that it printed."""
    command = [*COMMAND, "tunnel", "production", *arguments]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline()
    finally:
        end(process)
        process.stdout.close()


def test_tunnel_stays_open_until_ctrl_c(production, home):
    with tunnel("--json") as (process, line):
        answer = json.loads(line)
        port = answer["port"]
        assert answer == {
            "cluster": "production",
            "address": f"tls://localhost:{port}",
            "port": port,
            "instance": production,
        }
        security = tls_security(home / ".dask" / "production" / "client.pem")
        probe("127.0.0.1", port, security.get_connection_args("client")["ssl_context"], 5)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    no_plugin_is_left()


def test_tunnel_to_the_dashboard_at_a_given_port_until_sigterm(production, account):
    port = free_port()
    with tunnel("--to", "dashboard", "--port", str(port)) as (process, line):
        process.terminate()
        assert process.wait(20) == 0
    assert line == f"https://localhost:{port} is dashboard of production, until Ctrl-C\n"
    parameters = account.sessions.requests[-1][1]["Parameters"]
    assert parameters == {"portNumber": ["8787"], "localPortNumber": [str(port)]}
    no_plugin_is_left()


def test_a_cluster_that_cannot_be_reached_is_exit_code_3(home):
    output, errors = run("connect", "local", code=3)
    assert output == ""
    assert errors.startswith("dask-cluster: no local cluster is running: ")
    assert len(errors.splitlines()) == 1


def test_wrong_usage_is_exit_code_2(home):
    assert run("connect", code=2)[1].endswith("Error: Missing argument 'NAME'.\n")


def test_the_help_lists_the_commands(home):
    output, _ = run("--help")
    assert [line.split()[0] for line in output.partition("Commands:\n")[2].splitlines()] == [
        "backup",
        "backups",
        "bundle",
        "connect",
        "cost",
        "dashboard",
        "drain",
        "logs",
        "metrics",
        "renew-certificates",
        "restart-scheduler",
        "restore",
        "rotate-password",
        "salvage",
        "scale",
        "smoke-test",
        "status",
        "tunnel",
    ]
    words = " ".join(output.split())
    assert (
        "Exit code: 0 done, 1 the cluster is not healthy, a command failed, or versions of client and "
        "cluster differ, 2 wrong usage, 3 cannot connect, 4 a backup, a restore or a salvage failed."
    ) in words


def documented() -> list[str]:
    """Commands with arguments in the documentation, without placeholders."""
    files = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    command = re.compile(r"`(dask-cluster [a-z-]+ [^`\n]+)`")
    found = {line for file in files for line in command.findall(file.read_text())}
    return sorted(line for line in found if not re.search(r"[A-Z<…]", line.replace("COMMAND", "X")))


def test_the_documentation_has_the_commands():
    # Placeholders are in all lines with `salvage`.
    assert {line.split()[1] for line in documented()} == set(main.commands) - {"salvage"}


@pytest.mark.parametrize("line", documented())
def test_a_documented_command_has_these_arguments(line):
    _, name, *arguments = shlex.split(line)
    # Reads the arguments, and does not run the command. Wrong arguments raise an error.
    assert main.commands[name].make_context(name, arguments).info_name == name
