"""The watcher for the end of an instance, against doubles of the metadata service, AWS and systemd."""

import re
import time

import pytest

from cdktf_dask.node import watch
from doubles import QueryService, instance_metadata, served

NOTICE = '{"action": "terminate", "time": "2026-11-23T12:00:00Z"}'
REBALANCE = '{"noticeTime": "2026-11-23T11:58:00Z"}'

SETTINGS = {
    "SERVICE": "dask-worker",
    "GROUP": "dask-production--cpu",
    "TERMINATION_HOOK": "workers-drained",
    "DRAIN_SECONDS": "600",
    "SPOT_DRAIN_SECONDS": "85",
    "HEARTBEAT_SECONDS": "60",
    "HOOK_SECONDS": "180",
}
HOOK = {
    "Version": "2011-01-01",
    "AutoScalingGroupName": "dask-production--cpu",
    "LifecycleHookName": "workers-drained",
    "InstanceId": "i-0a1b2c3d4e5f60718",
}
HEARTBEAT = "RecordLifecycleActionHeartbeat"
COMPLETE = "CompleteLifecycleAction"
NO_ACTION = ("ValidationError", "No active Lifecycle Action found with instance ID i-0a1b2c3d4e5f60718")


@pytest.fixture
def instance(monkeypatch):
    """The metadata service of an instance of a group, without a notice."""
    with instance_metadata(monkeypatch) as double:
        double.values |= {"instance-id": HOOK["InstanceId"]}
        double.values |= {"autoscaling/target-lifecycle-state": "InService"}
        yield double


@pytest.fixture
def group(monkeypatch, instance):
    """EC2 Auto Scaling."""
    double = QueryService()
    with served(double) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_AUTO_SCALING", url)
        yield double


class Systemctl:
    """Stands for `systemctl`: keeps its calls. A drain takes as long as the file `slow` exists."""

    def __init__(self, folder):
        self.slow, self._calls = folder / "slow", folder / "calls"
        command = folder / "systemctl"
        command.write_text(
            f"#!/bin/sh\n"
            f'echo "$*" >>{self._calls}\n'
            f'case "$*" in\n'
            f'"stop dask-drain.service") rm {self.slow} ;;\n'
            f'"start dask-drain.service")\n'
            f"  while [ -e {self.slow} ]; do sleep 0.02; done\n"
            f"  [ ! -e {folder}/fails ] ;;\n"
            f"esac\n"
        )
        command.chmod(0o755)
        self.slow.touch()
        self.fails = folder / "fails"

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def systemctl(monkeypatch, tmp_path):
    """Double of systemctl on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Systemctl(folder)


@pytest.fixture
def watcher(group, systemctl, tmp_path):
    """A watcher that has not asked yet."""
    return watch.Watch(SETTINGS, tmp_path / "draining")


def end_drain(watcher, systemctl):
    """Ends the drain; returns once the workers are stopped."""
    systemctl.slow.unlink(missing_ok=True)
    watcher._drain.join(20)
    assert not watcher._drain.is_alive()


def printed(capsys):
    """What it has printed, with an `N` for the time of a drain."""
    return re.sub(r"after \d+ s\n", "after N s\n", capsys.readouterr().out)


def completed_at(watcher, now):
    """When it has nothing left to do, if it asks every two seconds."""
    while not watcher.step(now):
        now += 2
    return now


def test_a_spot_notice_drains_the_workers_which_then_stay_away(
    watcher, instance, group, systemctl, tmp_path, capsys
):
    assert not watcher.step(0)
    assert (systemctl.calls, (tmp_path / "draining").exists()) == ([], False)
    instance.values["spot/instance-action"] = NOTICE
    assert not watcher.step(2)
    end_drain(watcher, systemctl)
    assert systemctl.calls == ["start dask-drain.service", "stop dask-worker.service"]
    assert (tmp_path / "draining").read_text() == "DRAIN_SECONDS=85\n"
    assert printed(capsys) == (
        f"EC2 interrupts this instance: {NOTICE}; draining within 85 s\nthe workers are stopped after N s\n"
    )
    # It goes on for the hook, which AWS may call in addition.
    assert not watcher.step(4)
    assert group.requests == []
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    assert watcher.step(6)
    assert group.requests == [{"Action": COMPLETE, "LifecycleActionResult": "CONTINUE"} | HOOK]
    assert len(systemctl.calls) == 2
    assert printed(capsys) == (
        "the Auto Scaling group ends this instance; draining already\n"
        "termination hook workers-drained is completed\n"
    )


def test_the_hook_is_completed_once_after_a_drain(watcher, instance, group, systemctl, tmp_path, capsys):
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    assert not watcher.step(0)
    assert (tmp_path / "draining").read_text() == "DRAIN_SECONDS=600\n"
    assert not watcher.step(2)
    assert group.requests == []
    end_drain(watcher, systemctl)
    assert watcher.step(4)
    assert systemctl.calls == ["start dask-drain.service", "stop dask-worker.service"]
    assert group.requests == [{"Action": COMPLETE, "LifecycleActionResult": "CONTINUE"} | HOOK]
    assert printed(capsys) == (
        "the Auto Scaling group ends this instance; draining within 600 s\n"
        "the workers are stopped after N s\n"
        "termination hook workers-drained is completed\n"
    )


def test_a_long_drain_extends_the_hook_each_minute(watcher, instance, group, systemctl):
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    sent = []
    for now in range(0, 301, 2):
        assert not watcher.step(now)
        sent += [now] * (len(group.requests) - len(sent))
    assert sent == [60, 120, 180, 240, 300]
    assert group.requests == [{"Action": HEARTBEAT} | HOOK] * 5
    end_drain(watcher, systemctl)
    assert watcher.step(302)
    assert group.actions == [HEARTBEAT] * 5 + [COMPLETE]


def test_a_heartbeat_that_fails_is_repeated_and_reported_once(watcher, instance, group, systemctl, capsys):
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    denied = ("AccessDenied", "not you")
    # The first two calls fail, and the fourth.
    group.errors = [denied, denied, None, denied]
    sent = []
    for now in range(0, 151, 2):
        watcher.step(now)
        sent += [now] * (len(group.requests) - len(sent))
    assert sent == [60, 70, 80, 140, 150]
    line = "record_lifecycle_action_heartbeat: AccessDenied: not you; trying again every 10 s"
    assert printed(capsys).splitlines()[1:] == [line, line]
    end_drain(watcher, systemctl)


def test_a_hook_that_cannot_be_completed_is_tried_again_and_reported_once(
    watcher, instance, group, systemctl, capsys
):
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    group.errors = [("AccessDenied", "not you")] * 3
    watcher.step(0)
    end_drain(watcher, systemctl)
    assert completed_at(watcher, 10) == 40
    assert group.actions == [COMPLETE] * 4
    assert printed(capsys).splitlines()[2:] == [
        "complete_lifecycle_action: AccessDenied: not you; trying again every 10 s",
        "termination hook workers-drained is completed",
    ]


def test_a_group_that_does_not_wait_is_asked_for_a_while(instance, group, systemctl, tmp_path, capsys):
    watcher = watch.Watch(SETTINGS | {"HOOK_SECONDS": "20"}, tmp_path / "draining")
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    group.errors = [NO_ACTION] * 4
    watcher.step(0)
    end_drain(watcher, systemctl)
    assert completed_at(watcher, 10) == 30
    assert group.actions == [COMPLETE] * 3
    assert printed(capsys).splitlines()[-1] == (
        "termination hook workers-drained does not wait for this instance"
    )


def test_a_spot_notice_ends_a_planned_drain_and_what_is_left_drains_by_the_stop(
    watcher, instance, group, systemctl, capsys
):
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    watcher.step(0)
    deadline = time.monotonic() + 20
    while not systemctl.calls:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    instance.values["spot/instance-action"] = NOTICE
    # The drain may be over within this step, or later.
    is_done = watcher.step(2)
    end_drain(watcher, systemctl)
    assert systemctl.calls == [
        "start dask-drain.service",
        "stop dask-drain.service",
        "stop dask-worker.service",
    ]
    assert is_done or watcher.step(4)
    assert group.actions == [COMPLETE]


def test_a_drain_that_fails_is_reported_and_the_workers_are_stopped(
    watcher, instance, group, systemctl, capsys
):
    instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
    systemctl.fails.touch()
    watcher.step(0)
    end_drain(watcher, systemctl)
    assert watcher.step(2)
    assert systemctl.calls == ["start dask-drain.service", "stop dask-worker.service"]
    assert printed(capsys).splitlines()[1] == (
        "systemctl start dask-drain.service failed; the log of dask-drain.service has the reason"
    )


def test_a_rebalance_recommendation_is_logged_once_and_drains_nothing(
    watcher, instance, systemctl, tmp_path, capsys
):
    instance.values["events/recommendations/rebalance"] = REBALANCE
    assert not any(watcher.step(now) for now in (0, 2, 4))
    assert printed(capsys) == (f"EC2 recommends to replace this instance: {REBALANCE}; its group does so\n")
    assert (systemctl.calls, (tmp_path / "draining").exists()) == ([], False)


@pytest.mark.parametrize("state", [None, "", "InService", "Standby", "Detached", "Warmed:Stopped"])
def test_other_lifecycle_states_do_nothing(watcher, instance, systemctl, state):
    del instance.values["autoscaling/target-lifecycle-state"]
    if state is not None:
        instance.values["autoscaling/target-lifecycle-state"] = state
    assert not watcher.step(0)
    assert systemctl.calls == []


def test_a_metadata_service_that_fails_is_reported_once_and_asked_again(
    monkeypatch, watcher, instance, systemctl, capsys
):
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    # Two attempts of each of three requests, in two rounds.
    instance.faults = [(503, "")] * 12
    assert not watcher.step(0)
    assert not watcher.step(2)
    assert pauses == [1] * 6
    reason = "HTTP Error 503: Service Unavailable; trying again every 2 s"
    assert printed(capsys).splitlines() == [
        f"spot/instance-action: {reason}",
        f"autoscaling/target-lifecycle-state: {reason}",
        f"events/recommendations/rebalance: {reason}",
    ]
    instance.faults = [(401, "")]
    instance.values["spot/instance-action"] = NOTICE
    watcher.step(4)
    end_drain(watcher, systemctl)
    assert systemctl.calls == ["start dask-drain.service", "stop dask-worker.service"]


def test_it_asks_every_two_seconds_until_the_hook_is_completed(
    monkeypatch, group, instance, systemctl, tmp_path
):
    monkeypatch.setattr(watch, "DRAINING", tmp_path / "draining")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            instance.values["autoscaling/target-lifecycle-state"] = "Terminated"
            systemctl.slow.unlink()

    monkeypatch.setattr(time, "sleep", sleep)
    watch.main(SETTINGS)
    assert set(pauses) == {2}
    states = [request for request in instance.requests if request.endswith("/target-lifecycle-state")]
    assert (len(states), group.actions) == (4, [COMPLETE])
