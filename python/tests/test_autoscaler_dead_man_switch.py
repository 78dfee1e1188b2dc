"""The heartbeat in CloudWatch (moto), and when the actions of its alarms are enabled."""

import logging

import boto3
import pytest

from autoscaler_doubles import Clock
from aws_double import CREDENTIALS
from cdktf_dask.autoscaler.dead_man_switch import DeadManSwitch
from cdktf_dask.autoscaler.settings import SettingsError
from cdktf_dask.node.aws import Aws, AwsError

ALARMS = ["dask-prod--cpu--dead-man-switch", "dask-prod--gpu--dead-man-switch"]


@pytest.fixture
def cloudwatch(home, moto_url, monkeypatch):
    """The mock AWS with the alarms as Terraform creates them."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    client = boto3.client("cloudwatch", region_name="eu-central-1")
    for name in ALARMS:
        client.put_metric_alarm(
            AlarmName=name,
            ActionsEnabled=False,
            Namespace="Dask/prod",
            MetricName="AutoscalerHeartbeat",
            Statistic="SampleCount",
            ComparisonOperator="LessThanThreshold",
            Threshold=1,
            Period=60,
            EvaluationPeriods=60,
            TreatMissingData="breaching",
        )
    return client


@pytest.fixture
def namespace(request):
    """A namespace of the test's own: the mock AWS keeps metrics."""
    return f"Dask/{request.node.name[:200]}"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def switch(cloudwatch, namespace, clock):
    return DeadManSwitch(namespace, ALARMS, Aws(0, "eu-central-1", attempts=1), clock)


def published(cloudwatch, namespace: str) -> list[tuple[str, list]]:
    metrics = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    return [(metric["MetricName"], metric["Dimensions"]) for metric in metrics]


def enabled(cloudwatch) -> list[bool]:
    return [
        alarm["ActionsEnabled"] for alarm in cloudwatch.describe_alarms(AlarmNames=ALARMS)["MetricAlarms"]
    ]


def set_states(cloudwatch, *states: str) -> None:
    for name, state in zip(ALARMS, states, strict=True):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def test_it_publishes_a_heartbeat_as_long_as_the_autoscaler_works(switch, cloudwatch, namespace, clock):
    switch.beat()
    assert published(cloudwatch, namespace) == []

    switch.alive()
    clock.now += 60
    switch.beat()
    assert published(cloudwatch, namespace) == [("AutoscalerHeartbeat", [])]


def test_it_publishes_none_after_a_minute_without_a_tick_that_worked(switch, cloudwatch, namespace, clock):
    switch.alive()
    clock.now += 61
    switch.beat()
    assert published(cloudwatch, namespace) == []


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("OK", "OK"), [True, True]),
        (("OK", "ALARM"), [False, False]),
        (("INSUFFICIENT_DATA", "OK"), [False, False]),
    ],
)
def test_the_actions_are_enabled_once_all_alarms_have_seen_heartbeats(switch, cloudwatch, states, expected):
    set_states(cloudwatch, *states)
    switch.alive()
    switch.beat()
    assert enabled(cloudwatch) == expected


def test_an_alarm_that_is_missing_enables_nothing(switch, cloudwatch):
    set_states(cloudwatch, "OK", "OK")
    cloudwatch.delete_alarms(AlarmNames=ALARMS[1:])
    switch.alive()
    switch.beat()
    assert enabled(cloudwatch) == [False]


class Refusing:
    """Stands for CloudWatch that refuses calls, or does not."""

    error: AwsError | None = AwsError("Throttling", "Rate exceeded", passes=True)

    def call(self, _service: str, operation: str, **_parameters: object) -> dict:
        if self.error:
            raise self.error
        return {"MetricAlarms": []} if operation == "describe_alarms" else {}


def test_an_error_is_logged_once_as_long_as_it_lasts(clock, caplog):
    aws = Refusing()
    switch = DeadManSwitch("Dask/prod", ALARMS, aws, clock)  # type: ignore[arg-type]
    switch.alive()
    with caplog.at_level(logging.WARNING, "autoscaler"):
        switch.beat()
        switch.beat()
        aws.error = None
        switch.beat()
        aws.error = AwsError("Throttling", "Rate exceeded", passes=True)
        switch.beat()
    assert caplog.messages == ["no heartbeat in CloudWatch: Throttling: Rate exceeded"] * 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"namespace": "Dask/prod", "alarms": ALARMS}, "expected region and namespace"),
        (
            {"region": "eu-central-1", "namespace": "Dask/prod", "alarms": []},
            r"^deadManSwitch.alarms: got \[\], expected names of alarms$",
        ),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        DeadManSwitch.of(settings)
