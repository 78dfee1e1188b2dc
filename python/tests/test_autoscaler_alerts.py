"""Conditions that the autoscaler sends to the topic with alerts."""

import logging

import pytest

from autoscaler_doubles import Clock
from cdktf_dask.autoscaler.alerts import Alerts
from cdktf_dask.autoscaler.notices import Notices
from cdktf_dask.node.aws import AwsError

TOPIC = "arn:aws:sns:eu-central-1:123456789012:dask-prod--alerts"


class Topic:
    """Stands for Amazon SNS."""

    def __init__(self):
        self.error: AwsError | None = None
        self.messages: list[str] = []

    def call(self, service: str, operation: str, **parameters: object) -> dict:
        assert (service, operation) == ("sns", "publish")
        if self.error:
            raise self.error
        message = parameters.pop("Message")
        assert parameters == {"TopicArn": TOPIC, "Subject": "Autoscaler of Dask cluster prod"}
        self.messages.append(message)
        return {}


@pytest.fixture
def topic():
    return Topic()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sent(topic, clock):
    """All messages, once the handler has sent them."""
    alerts = Alerts("prod", TOPIC, topic, clock)
    logger = logging.getLogger("autoscaler")
    logger.addHandler(alerts)

    def sent() -> list[str]:
        alerts.close()
        return topic.messages

    yield sent
    logger.removeHandler(alerts)


def test_a_condition_is_sent_once_in_12_hours_though_its_numbers_differ(sent, clock):
    notices = Notices()
    for hours, size in ((0, 4), (11, 5), (1, 6)):
        clock.now += hours * 3600.0
        notices.update("limited", {"cpu": f"limited cpu at {size}: maxSize"})
        notices.update("limited", {})
    notices.update("limited", {"gpu": "limited gpu at 2: maxSize"})
    assert sent() == ["limited cpu at 4: maxSize", "limited cpu at 6: maxSize", "limited gpu at 2: maxSize"]


def test_other_lines_of_the_log_are_not_sent(sent):
    logging.getLogger("autoscaler").warning("kept cpu--host: its results do not fit elsewhere")
    assert sent() == []


def test_at_most_20_are_sent_in_a_day(sent, clock):
    notices = Notices()
    letters = [chr(ord("a") + number) for number in range(22)]
    for letter in letters[:21]:
        notices.update(letter, {letter: f"condition {letter}"})
    clock.now += 24 * 3600.0
    notices.update(letters[21], {"v": "condition v"})
    assert sent() == [f"condition {letter}" for letter in [*letters[:20], "v"]]


def test_an_alert_that_cannot_be_sent_is_logged(sent, topic, caplog):
    topic.error = AwsError("AuthorizationError", "not authorized", passes=False)
    Notices().update("hung", {"hung": "the cluster hangs"})
    assert sent() == []
    assert [record.message for record in caplog.records] == [
        "the cluster hangs",
        "an alert was not sent: AuthorizationError: not authorized",
    ]
