"""The boot step of Prometheus and Alertmanager, with doubles of systemd and of both programs."""

import pytest

from cdktf_dask.node import monitoring
from doubles import status_server

TOPIC = "topic_arn: arn:aws:sns:eu-central-1:{account}:dask-production--alerts\n"


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Commands of the node, which only note their call; returns what they noted."""
    noted = tmp_path / "calls"
    for name, output in (("systemctl", ""), ("journalctl", "no space left on device")):
        command = tmp_path / name
        command.write_text(f'#!/bin/bash\necho "{name} $*" >>{noted}\necho "{output}"\n')
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(monitoring, "READY_SECONDS", 1)
    monkeypatch.setattr(monitoring.Metadata, "account", lambda self: "123456789012")
    return lambda: noted.read_text().splitlines() if noted.exists() else []


@pytest.fixture
def server(monkeypatch):
    """Stands for both programs: answers each request with its status."""
    with status_server(200) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(monitoring, "READY", dict.fromkeys(monitoring.READY, url))
        yield server


@pytest.fixture
def configuration(monkeypatch, tmp_path):
    """Configuration of Alertmanager, as it is in the bundle."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(TOPIC.format(account="ACCOUNT"))
    monkeypatch.setattr(monitoring, "ALERTMANAGER_FILE", file)
    return file


def test_it_starts_both_with_the_account_in_the_topic(calls, server, configuration, capsys):
    monitoring.main()
    units = "dask-alertmanager.service dask-prometheus.service"
    assert configuration.read_text() == TOPIC.format(account="123456789012")
    assert calls() == [
        "systemctl daemon-reload",
        f"systemctl enable --quiet {units}",
        f"systemctl restart {units}",
    ]
    assert capsys.readouterr().out == "Prometheus and Alertmanager are ready\n"


def test_it_asks_for_no_account_at_a_later_boot(calls, server, configuration, monkeypatch):
    configuration.write_text(TOPIC.format(account="123456789012"))
    monkeypatch.setattr(monitoring.Metadata, "account", lambda self: pytest.fail("asked"))
    monitoring.main()
    assert configuration.read_text() == TOPIC.format(account="123456789012")


def test_a_program_that_is_not_ready_fails_the_step_with_its_last_line(calls, server, configuration):
    server.status = 503
    with pytest.raises(SystemExit) as end:
        monitoring.main()
    assert end.value.code == (
        "dask-alertmanager.service: got Service Unavailable, "
        "expected an answer within 1 s: no space left on device"
    )
    assert calls()[-1] == "journalctl --unit dask-alertmanager.service --lines 1 --output cat"
