"""The watcher for the interruption of a spot instance, against a double of the metadata service."""

import time

import pytest

from cdktf_dask.node import spot
from doubles import Metadata, served

NOTICE = '{"action": "terminate", "time": "2026-11-23T12:00:00Z"}'
ACTION = "GET /latest/meta-data/spot/instance-action"


@pytest.fixture
def instance(monkeypatch):
    """The metadata service of a spot instance without a notice."""
    double = Metadata({"instance-life-cycle": "spot"})
    with served(double) as url:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
        yield double


@pytest.fixture
def systemctl(monkeypatch, tmp_path):
    """File with the calls of `systemctl`, which does nothing here."""
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    folder.mkdir()
    command = folder / "systemctl"
    command.write_text(f'#!/bin/sh\necho "$*" >>{calls}\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return calls


def notice_after(monkeypatch, instance, polls):
    """The notice comes with the given number of pauses; returns all pauses, none of which is waited for."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == polls:
            instance.values["spot/instance-action"] = NOTICE

    monkeypatch.setattr(time, "sleep", sleep)
    return pauses


def test_a_notice_stops_the_workers_which_then_stay_away(monkeypatch, instance, systemctl, tmp_path, capsys):
    pauses = notice_after(monkeypatch, instance, 3)
    spot.main("dask-worker", tmp_path / "draining")
    assert systemctl.read_text() == "stop dask-worker.service\n"
    assert (tmp_path / "draining").exists()
    assert capsys.readouterr().out == f"EC2 interrupts this instance: {NOTICE}; draining\n"
    assert (pauses, instance.requests.count(ACTION), instance.tokens) == ([5, 5, 5], 4, 1)


def test_it_survives_a_metadata_service_that_fails_longer_than_a_request_is_repeated(
    monkeypatch, instance, systemctl, tmp_path, capsys
):
    instance.faults = [(503, "")] * 5 + [(401, "")]
    pauses = notice_after(monkeypatch, instance, 6)
    spot.main("dask-worker", tmp_path / "draining")
    assert systemctl.read_text() == "stop dask-worker.service\n"
    # Between attempts of the first request, before the next look, and after the rejected token.
    assert pauses == [1, 1, 1, 1, 5, 1]
    assert capsys.readouterr().out.splitlines()[0] == (
        "instance-life-cycle: HTTP Error 503: Service Unavailable; trying again in 5 s"
    )


def test_on_an_on_demand_instance_it_ends_at_once(instance, systemctl, tmp_path):
    instance.values["instance-life-cycle"] = "on-demand"
    spot.main("dask-worker", tmp_path / "draining")
    assert not systemctl.exists()
    assert not (tmp_path / "draining").exists()
    assert ACTION not in instance.requests
